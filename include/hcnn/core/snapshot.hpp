// The state of a computation as named values, and the visitor that saves and loads it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "hcnn/core/check.hpp"

namespace hcnn {

/// The values under one name. Integers and booleans are stored as 64-bit integers, a single value as a list of one.
using SnapshotValues =
    std::variant<std::vector<float>, std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

/// Everything a computation needs to resume later, as a copy that shares nothing with it.
struct Snapshot {
  std::map<std::string, SnapshotValues, std::less<>> values = {};  ///< values by full name: "optimizer.step_count"
  std::string where = "snapshot";  ///< start of every error message; the file's path if read from a file
};

/// True if both hold the same bits under the same names; `where` is ignored.
[[gnu::cold]] inline bool same_values(const Snapshot& a, const Snapshot& b) {
  const auto same = [](const auto& one, const auto& other) {
    if (one.first != other.first || one.second.index() != other.second.index()) return false;
    return std::visit(
        [&]<class List>(const List& list) {
          const List& its = std::get<List>(other.second);
          if constexpr (std::is_same_v<List, std::vector<std::string>>)
            return list == its;
          else  // NaN equals itself here
            return std::equal(list.begin(), list.end(), its.begin(), its.end(),
                              [](auto x, auto y) { return std::memcmp(&x, &y, sizeof x) == 0; });
        },
        one.second);
  };
  return std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same);
}

/// Visits everything that has state, in the same order for saving and loading: saving reads the values, loading
/// overwrites them. One function does both, so that the two cannot differ:
/// `void visit_state(StateVisitor& state) { state.visit("best", best_); state.visit("waited", waited_); }`.
/// Throws FormatError, starting with `Snapshot::where`, for a value that is missing or has another type or size;
/// OptionError for a name that is saved twice.
class StateVisitor {
 public:
  /// A visitor that adds to the snapshot, which must outlive it.
  static StateVisitor saving(Snapshot& to) { return {&to, to}; }
  /// A visitor that reads the snapshot, which must outlive it.
  static StateVisitor loading(const Snapshot& from) { return {nullptr, from}; }

  /// False: values are read. True: they are overwritten.
  bool is_loading() const { return !to_; }
  /// Number of values visited so far.
  std::size_t count() const { return visited_.size(); }

  /// A number or boolean.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  [[gnu::cold]] void visit(std::string_view name, Number& value) { visit(name, std::span<Number>(&value, 1)); }
  /// A string.
  [[gnu::cold]] void visit(std::string_view name, std::string& text) {
    std::vector<std::string> list{text};
    visit(name, list);
    if (list.size() != 1) refuse(name, concat(list.size(), " texts"), "one is needed");
    text = list[0];
  }
  /// A fixed number of numbers.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  [[gnu::cold]] void visit(std::string_view name, std::span<Number> values) {
    using S = Stored<Number>;
    if (to_) {
      std::vector<S> copy(values.size());
      std::transform(values.begin(), values.end(), copy.begin(), [](Number value) { return static_cast<S>(value); });
      save(name, std::move(copy));
      return;
    }
    const std::vector<S>& from = list<S>(name);
    if (from.size() != values.size())
      refuse(name, concat(from.size(), " values"), concat(values.size(), " are needed"));
    std::transform(from.begin(), from.end(), values.begin(), [](S value) { return static_cast<Number>(value); });
  }
  /// Any number of numbers or strings.
  template <class Value>
  [[gnu::cold]] void visit(std::string_view name, std::vector<Value>& values) {
    using S = Stored<Value>;
    if (to_)
      save(name, std::vector<S>(values.begin(), values.end()));
    else
      values.assign(list<S>(name).begin(), list<S>(name).end());
  }
  /// Anything with `visit_state(StateVisitor&)`; its names are prefixed with "name.".
  template <class Object>
  requires requires(Object& object, StateVisitor& state) { object.visit_state(state); }
  [[gnu::cold]] void visit(std::string_view name, Object& object) {
    const std::size_t length = prefix_.size();
    prefix_.append(name) += '.';
    object.visit_state(*this);
    prefix_.resize(length);
  }

  /// A value that must be the same when loading; else throws FormatError with both.
  template <class Number>
  requires std::is_arithmetic_v<Number>
  [[gnu::cold]] void expect(std::string_view name, Number value) {
    Number found = value;
    visit(name, found);
    if (found != value) refuse(name, concat(found), concat("here it is ", value));
  }
  /// Lines that must be the same when loading; else throws FormatError with the first that differs.
  [[gnu::cold]] void expect(std::string_view name, const std::vector<std::string>& lines) {
    std::vector<std::string> found = lines;
    visit(name, found);
    for (std::size_t i = 0; i < std::max(found.size(), lines.size()); ++i) {
      const std::string there = i < found.size() ? found[i] : "nothing", here = i < lines.size() ? lines[i] : "nothing";
      if (there != here) refuse(name, there, "here it is " + here);
    }
  }
  /// A string that must be the same when loading; else throws FormatError with both.
  [[gnu::cold]] void expect(std::string_view name, const std::string& text) {
    expect(name, std::vector<std::string>{text});
  }

  /// Call last when loading: throws FormatError for a value that was not visited.
  [[gnu::cold]] void finish() const {
    for (const auto& [name, values] : from_->values)
      if (!visited_.contains(name))
        fail<FormatError>(from_->where, "a value '" + name + "'", "nothing here has such state");
  }

 private:
  template <class Value>
  using Stored = std::conditional_t<std::is_integral_v<Value>, std::int64_t, Value>;

  StateVisitor(Snapshot* to, const Snapshot& from) : to_(to), from_(&from) {}

  [[gnu::cold, gnu::noinline]] void save(std::string_view name, SnapshotValues values) {
    if (!visited_.insert(prefix_ + std::string(name)).second)
      fail<OptionError>("StateVisitor", concat("'", prefix_, name, "' twice"), "names must differ");
    to_->values.insert_or_assign(prefix_ + std::string(name), std::move(values));
  }
  // Separate from `list`, so that it is compiled once.
  [[gnu::cold, gnu::noinline]] const SnapshotValues& find(std::string_view name) {
    const auto found = from_->values.find(prefix_ + std::string(name));
    if (found == from_->values.end()) refuse(name, "nothing", "a value is needed");
    visited_.insert(found->first);
    return found->second;
  }
  template <class Value>
  [[gnu::cold]] const std::vector<Value>& list(std::string_view name) {
    if (const auto* values = std::get_if<std::vector<Value>>(&find(name))) return *values;
    refuse(name, "values of another type", "see what saved them");
  }
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(std::string_view name, const std::string& came,
                                                     const std::string& expected) const {
    fail<FormatError>(from_->where, concat(prefix_, name, " = ", came), expected);
  }

  Snapshot* to_;  // null: loading
  const Snapshot* from_;
  std::string prefix_;
  std::set<std::string, std::less<>> visited_;
};

}  // namespace hcnn
