// The table of figures that ends tools/test.sh.
#pragma once

#include <doctest/doctest.h>

#include <iostream>

#include "hcnn/core/check.hpp"

namespace hcnn::testing {

/// Prints "R5: the parts one after another", a line that tests/figures.py puts into the table, under the check of
/// tests/README.md that it belongs to. The last statement of a test case: a failed check ends the whole run without a table.
template <class... Parts>
void figure(const char* check, const Parts&... parts) {
  std::cout << check << ": " << concat(parts...) << std::endl;
}

}  // namespace hcnn::testing
