// Snapshots: one walk saves and loads, and what does not fit is refused by name.
#include "hcnn/core/snapshot.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hcnn;

namespace {

struct Inner {
  double value = 0;
  void visit_state(StateVisitor& state) { state.visit("value", value); }
};

struct Sample {
  bool flag = true;
  int whole = -3;
  std::uint64_t large = ~std::uint64_t{0};
  float real = 0.1F;
  std::string text = "a\n\"b";
  std::vector<double> list = {1, std::numeric_limits<double>::infinity()};
  std::vector<std::string> texts = {"x", ""};
  std::vector<float> fixed = {1, 2, 3};
  Inner first{.value = 1}, second{.value = 2};

  void visit_state(StateVisitor& state) {
    state.visit("flag", flag);
    state.visit("whole", whole);
    state.visit("large", large);
    state.visit("real", real);
    state.visit("text", text);
    state.visit("list", list);
    state.visit("texts", texts);
    state.visit("fixed", std::span<float>(fixed));
    state.visit("first", first);
    state.visit("second", second);
    state.expect("size", fixed.size());
    state.expect("kind", "sample");
  }
};

Snapshot saved(Sample sample = {}) {
  Snapshot snapshot;
  StateVisitor saving = StateVisitor::saving(snapshot);
  sample.visit_state(saving);
  return snapshot;
}

std::string refusal(const Snapshot& snapshot, Sample sample = {}) {
  try {
    StateVisitor loading = StateVisitor::loading(snapshot);
    sample.visit_state(loading);
    loading.finish();
  } catch (const FormatError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("every kind of value comes back as it was") {
  const Snapshot snapshot = saved();
  CHECK(snapshot.values.contains("second.value"));
  Sample other{.flag = false,
               .whole = 0,
               .large = 0,
               .real = 0,
               .text = "",
               .list = {},
               .texts = {},
               .fixed = {0, 0, 0},
               .first = {},
               .second = {}};
  StateVisitor loading = StateVisitor::loading(snapshot);
  other.visit_state(loading);
  CHECK_NOTHROW(loading.finish());
  CHECK(loading.count() == snapshot.values.size());
  CHECK(saved(other).values == snapshot.values);
  CHECK(other.large == ~std::uint64_t{0});
}

TEST_CASE("what does not fit is named with the place it came from") {
  Snapshot snapshot = saved();
  snapshot.where = "run/resume.safetensors";
  CHECK(refusal(snapshot) == "none");
  CHECK(refusal(snapshot, {.fixed = {1, 2}}) == "run/resume.safetensors: fixed = 3 values; 2 are needed");
  Snapshot changed = snapshot;
  changed.values.erase("second.value");
  CHECK(refusal(changed) == "run/resume.safetensors: second.value = nothing; a value is needed");
  changed = snapshot;
  changed.values["whole"] = std::vector<double>{1};
  CHECK(refusal(changed) == "run/resume.safetensors: whole = values of another type; see what saved them");
  changed = snapshot;
  changed.values["kind"] = std::vector<std::string>{"other"};
  CHECK(refusal(changed) == "run/resume.safetensors: kind = other; here it is sample");
  changed.values["kind"] = std::vector<std::string>{"sample", "more"};
  CHECK(refusal(changed) == "run/resume.safetensors: kind = more; here it is nothing");
  changed = snapshot;
  changed.values["size"] = std::vector<std::int64_t>{4};
  CHECK(refusal(changed) == "run/resume.safetensors: size = 4; here it is 3");
  changed = snapshot;
  changed.values["text"] = std::vector<std::string>{};
  CHECK(refusal(changed) == "run/resume.safetensors: text = 0 texts; one is needed");
  changed = snapshot;
  changed.values["stranger"] = std::vector<float>{};
  CHECK(refusal(changed) == "run/resume.safetensors: a value 'stranger'; nothing here has such state");
}

TEST_CASE("a name that is saved twice is refused") {
  Snapshot snapshot;
  StateVisitor saving = StateVisitor::saving(snapshot);
  int value = 0;
  saving.visit("a", value);
  CHECK_THROWS_AS(saving.visit("a", value), OptionError);
}
