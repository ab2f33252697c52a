// How much heap memory a piece of code holds at most: every allocation of the process is counted.
#pragma once

#include <cstddef>

namespace fuzz {

/// Measures from its construction on. One at a time; other threads are counted too.
class HeapWatch {
 public:
  HeapWatch();
  /// Most bytes that were held at one moment beyond those held at the beginning.
  std::size_t peak() const;
  /// Bytes held beyond those held at the beginning.
  std::size_t held() const;

 private:
  std::ptrdiff_t before_;
};

}  // namespace fuzz
