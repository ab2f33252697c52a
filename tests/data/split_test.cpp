// Stratified splits: counts, determinism, errors.
#include "hcnn/data/split.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "hcnn/core/random.hpp"

using namespace hcnn;
using data::Dataset;

namespace {

/// Samples of 1x1x1 with these labels.
Dataset labelled(std::vector<Label> labels) {
  const auto count = labels.size();
  return Dataset(Shape{}, std::vector<std::uint8_t>(count), {{"fine", 10, std::move(labels)}});
}

Dataset mixed() {
  std::vector<Label> labels;
  for (Index i = 0; i < 105; ++i) labels.push_back(i < 50 ? 0 : i < 57 ? 1 : i < 100 ? 2 : kNoLabel);
  return labelled(labels);
}

std::vector<std::uint64_t> ids(const Dataset& set) {
  std::vector<std::uint64_t> result;
  for (Index i = 0; i < set.size(); ++i) result.push_back(set.id(i));
  return result;
}

Index count(const Dataset& set, Label label) {
  Index result = 0;
  for (Index i = 0; i < set.size(); ++i) result += set.label(0, i) == label;
  return result;
}

}  // namespace

TEST_CASE("a split gives every class its rounded share and every sample to one part") {
  const auto [first, second] = data::stratified_split(mixed(), 0.8, 1);
  CHECK(count(first, 0) == 40);
  CHECK(count(first, 1) == 6);         // 5.6
  CHECK(count(first, 2) == 34);        // 34.4
  CHECK(count(first, kNoLabel) == 4);  // one more class
  CHECK(first.size() + second.size() == 105);
  const auto [half, rest] = data::stratified_split(mixed(), 0.5, 1);
  CHECK(count(half, 1) == 4);  // 3.5
  CHECK(count(rest, 1) == 3);
  CHECK(count(half, 2) == 22);        // 21.5
  CHECK(count(half, kNoLabel) == 3);  // 2.5
  std::set<std::uint64_t> all;
  for (const Dataset* part : {&first, &second})
    for (const std::uint64_t id : ids(*part)) all.insert(id);
  CHECK(all.size() == 105);
}

TEST_CASE("the classes of the finest level are split, not those above") {
  std::vector<Label> fine, coarse(20, 0);
  for (Label i = 0; i < 20; ++i) fine.push_back(i / 2);
  const Dataset set(Shape{}, std::vector<std::uint8_t>(20), {{"fine", 10, fine}, {"coarse", 1, coarse}});
  const auto [first, second] = data::stratified_split(set, 0.5, 1);
  for (Label label = 0; label < 10; ++label) CHECK(count(first, label) == 1);
}

TEST_CASE("the seed decides the split") {
  const auto [a, a_rest] = data::stratified_split(mixed(), 0.5, 1);
  const auto [b, b_rest] = data::stratified_split(mixed(), 0.5, 1);
  const auto [c, c_rest] = data::stratified_split(mixed(), 0.5, 2);
  CHECK(ids(a) == ids(b));
  CHECK(ids(a) != ids(c));
}

TEST_CASE("the order of the samples does not change a split") {
  std::vector<Index> order(105);
  std::iota(order.begin(), order.end(), Index{0});
  RandomStream random(Seed{3}, 0);
  shuffle(std::span<Index>(order), random);
  CHECK(ids(data::stratified_split(mixed().subset(order), 0.7, 1).first) ==
        ids(data::stratified_split(mixed(), 0.7, 1).first));
}

TEST_CASE("a split takes samples from the whole of a class") {
  // 500 of one class, half and half: 250 +- 4 * sqrt(500 * 0.25 * 0.25) = 250 +- 45 in the lower half, halved: 125
  // +- 23.
  const auto [first, second] = data::stratified_split(labelled(std::vector<Label>(500)), 0.5, 1);
  const auto all = ids(first);
  const auto low = std::count_if(all.begin(), all.end(), [](std::uint64_t id) { return id < 250; });
  CHECK(low > 102);
  CHECK(low < 148);
}

TEST_CASE("a split by a fraction outside (0, 1) or without labels is refused") {
  for (const double fraction : {0.0, 1.0, -0.5, 1.5, std::nan("")})
    CHECK_THROWS_AS(data::stratified_split(mixed(), fraction, 1), OptionError);
  CHECK_THROWS_AS(data::stratified_split(Dataset(Shape{}, std::vector<float>(4), {}), 0.5, 1), DataError);
}
