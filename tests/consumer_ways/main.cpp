// A program that needs the library's headers and, where the compiler has it, OpenMP; prints the number of threads that
// OMP_NUM_THREADS gives it. tests/structure/consumer_ways_test.py builds it in every way that the README names.
#include <hcnn/hcnn.hpp>
#include <iostream>

int main() {
  std::vector<float> halves(1000, 0.0F);
  hcnn::parallel_for(1000, [&](hcnn::Index i) { halves[static_cast<std::size_t>(i)] = static_cast<float>(i) / 2; });
  std::cout << hcnn::thread_count() << '\n';
  return halves.back() == 499.5F ? 0 : 1;
}
