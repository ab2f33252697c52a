// The registry of R1: every public layer, loss and optimizer proves itself on at least 12 cases and prints its figures.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include "hcnn/testing/gradient_report.hpp"

namespace hcnn::testing {

/// Collects the cases of one class and prints them as one line at its end; tests/structure/registry_test.py reads the
/// lines, holds them to R1 and R2, and names the public classes that have none:
/// "proved Conv2d: 13 cases, 1234 numbers, 0 skipped, max error 0.003; odd sides, one channel, padding".
class Proof {
 public:
  explicit Proof(std::string name) : name_(std::move(name)) {}
  Proof(const Proof&) = delete;
  Proof& operator=(const Proof&) = delete;
  ~Proof() {
    std::cout << "proved " << name_ << ": " << cases_.size() << " cases, " << compared_ << " numbers, " << skipped_
              << " skipped, max error " << max_error_ << ';';
    const char* separator = " ";
    for (const std::string& kind : kinds_) {
      std::cout << separator << kind;
      separator = ", ";
    }
    std::cout << std::endl;
  }

  /// A gradient check on `count` samples of this shape.
  void add(const GradientReport& report, Index count, const Shape& shape) {
    CHECK_MESSAGE(report, report.text());
    add(report.checked(), report.max_error(), count, shape);
    skipped_ += report.skipped();
  }
  /// The gradient check of a layer with windows: what its options are counts too.
  template <class Options>
  void add(const GradientReport& report, Index count, const Shape& shape, const Options& options) {
    add(report, count, shape);
    if (options.padding.height > 0 || options.padding.width > 0) kinds_.insert("padding");
    const auto& window = [&]() -> const auto& {
      if constexpr (requires { options.kernel; })
        return options.kernel;
      else
        return options.window;
    }
    ();
    if (options.stride.height > window.height || options.stride.width > window.width) kinds_.insert("stride > kernel");
  }
  /// `compared` numbers, of which the worst is wrong by `error` of what is allowed.
  void add(Index compared, double error, Index count, const Shape& shape) {
    cases_.insert(concat(count, ' ', to_string(shape)));
    compared_ += compared;
    max_error_ = std::max(max_error_, error);
    if (count == 1) kinds_.insert("one sample");
    if (shape.channels == 1) kinds_.insert("one channel");
    if (shape.pixels() > 1) kinds_.insert("images");
    if (shape.height % 2 == 1 && shape.height > 1 && shape.width % 2 == 1 && shape.width > 1)
      kinds_.insert("odd sides");
    if (shape.height != shape.width) kinds_.insert("not square");
  }

 private:
  std::string name_;
  std::set<std::string> cases_, kinds_;
  Index compared_ = 0, skipped_ = 0;
  double max_error_ = 0;
};

}  // namespace hcnn::testing
