// A race on purpose, in a loop of core/parallel.hpp: the thread sanitizer must report it, or its silence proves
// nothing.
#include <iostream>

#include "hcnn/core/parallel.hpp"

int main() {
  hcnn::set_thread_count(4);
  long sum = 0;
  hcnn::parallel_for(100'000, [&](hcnn::Index i) { sum += i; });  // every task adds to one number
  std::cout << sum << std::endl;
}
