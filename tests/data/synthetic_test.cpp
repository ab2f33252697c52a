// The synthetic data set: form of its tree, reproducibility, and that pixels alone do not give the classes away.
#include "hcnn/data/synthetic.hpp"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "hcnn/core/tensor.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;
using data::Dataset;
using data::Part;

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<float> image(const Dataset& set, Index i) {
  std::vector<float> values(static_cast<std::size_t>(set.shape().size()));
  set.copy_image(i, values.data());
  return values;
}

/// Pixels of the samples, halved in width and height by averaging: (N, 16 * 16 * 3), less the mean colour of a pixel.
/// A linear model of these is nearly as good as one of all pixels, and 60 times faster to solve.
Matrix small_pixels(const Dataset& set) {
  Matrix rows(set.size(), 16 * 16 * 3);
  for (Index i = 0; i < set.size(); ++i) {
    const std::vector<float> values = image(set, i);
    for (Index k = 0; k < rows.cols(); ++k) {
      const Index y = k / 48, x = k / 3 % 16, c = k % 3;
      const auto at = [&](Index row, Index column) {
        return values[static_cast<std::size_t>((row * 32 + column) * 3 + c)];
      };
      rows(i, k) =
          (at(2 * y, 2 * x) + at(2 * y, 2 * x + 1) + at(2 * y + 1, 2 * x) + at(2 * y + 1, 2 * x + 1)) / 4 - 0.5F;
    }
  }
  return rows;
}

/// Share of test samples whose best-scored column belongs to the right fine class.
double accuracy(const Dataset& test, const Matrix& scores, const std::vector<Label>& class_of_column) {
  Index right = 0;
  for (Index i = 0; i < test.size(); ++i) {
    Index best = 0;
    scores.row(i).maxCoeff(&best);
    right += class_of_column[static_cast<std::size_t>(best)] == test.label(0, i);
  }
  return static_cast<double>(right) / static_cast<double>(test.size());
}

}  // namespace

TEST_CASE("the synthetic tree has the form of CIFAR-100's") {
  const Taxonomy &tree = data::synthetic_taxonomy(), &cifar = cifar100_taxonomy();
  REQUIRE(tree.levels() == cifar.levels());
  for (Index level = 0; level < tree.levels(); ++level) {
    CHECK(tree.level_name(level) == cifar.level_name(level));
    CHECK(tree.class_count(level) == cifar.class_count(level));
  }
  for (Label group = 0; group < 9; ++group) CHECK(tree.leaves_of(2, group).size() == cifar.leaves_of(2, group).size());
  for (Label superclass = 0; superclass < 20; ++superclass) CHECK(tree.leaves_of(1, superclass).size() == 5);
}

TEST_CASE("synthetic pictures are balanced and depend on seed, part and number only") {
  const Dataset set = data::synthetic({.samples = 300, .seed = 3});
  const Dataset longer = data::synthetic({.samples = 310, .seed = 3});
  CHECK(set.shape() == Shape{.height = 32, .width = 32, .channels = 3});
  for (Index i = 0; i < set.size(); ++i) REQUIRE(set.label(0, i) == i % 100);
  for (Index i = 0; i < set.size(); ++i) REQUIRE(image(set, i) == image(longer, i));
  CHECK(image(set, 0) != image(data::synthetic({.samples = 1, .seed = 4}), 0));
}

TEST_CASE("the parts of one seed, and the pictures of one part, all differ") {
  std::set<std::vector<float>> seen;
  for (const Part part : {Part::train, Part::test}) {
    const Dataset set = data::synthetic({.samples = 1000, .seed = 1, .part = part});
    for (Index i = 0; i < set.size(); ++i) seen.insert(image(set, i));
  }
  CHECK(seen.size() == 2000);
}

TEST_CASE("synthetic pictures are the same at 1 and 3 threads") {
  const auto draw = [](int threads) {
    const ThreadCountScope scope(threads);
    return data::synthetic({.samples = 50});
  };
  const Dataset one = draw(1), three = draw(3);
  for (Index i = 0; i < one.size(); ++i) REQUIRE(image(one, i) == image(three, i));
}

TEST_CASE("neither a linear model nor the nearest neighbour tells half of the fine classes") {
  const Dataset train = data::synthetic({.samples = 5000, .seed = 1});
  const Dataset test = data::synthetic({.samples = 1000, .seed = 1, .part = Part::test});
  const Matrix x = small_pixels(train), y = small_pixels(test);

  // Nearest neighbour: the largest x.y - |x|^2 / 2.
  std::vector<Label> labels;
  for (Index i = 0; i < train.size(); ++i) labels.push_back(train.label(0, i));
  Matrix closeness = y * x.transpose();
  closeness.rowwise() -= (0.5F * x.rowwise().squaredNorm()).transpose();
  const double nearest = accuracy(test, closeness, labels);

  // Ridge regression on one-hot targets; the penalty is the best of 3, 30, 300, 3000 for these samples.
  Matrix targets = Matrix::Constant(train.size(), 100, -0.01F);
  for (Index i = 0; i < train.size(); ++i) targets(i, train.label(0, i)) += 1.0F;
  Matrix gram = x.transpose() * x;
  gram.diagonal().array() += 3000.0F;
  const Matrix weights = gram.llt().solve(x.transpose() * targets);
  std::vector<Label> classes(100);
  std::iota(classes.begin(), classes.end(), Label{0});
  const double linear = accuracy(test, y * weights, classes);

  INFO("nearest neighbour ", nearest, ", linear ", linear);
  CHECK(nearest < 0.45);
  CHECK(nearest > 0.03);  // chance is 0.01: the check itself works
  CHECK(linear < 0.45);
  CHECK(linear > 0.03);
}

TEST_CASE("a data set without pictures is refused") { CHECK_THROWS_AS(data::synthetic({.samples = 0}), OptionError); }
