// Finds the scripts of the report page in the installed package, wherever that was moved; prints their folder.
#include <hcnn/report/share.hpp>
#include <iostream>

int main() {
  try {
    hcnn::report::read_page_scripts();
    std::cout << hcnn::report::share_folder().string() << '\n';
    return 0;
  } catch (const hcnn::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
