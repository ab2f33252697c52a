// Non-owning reference to a callable: a function that takes one is compiled once, not once per lambda.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace hcnn {

/// Primary template; defined below for function types, as in `FunctionRef<void(Index)>`.
template <class Signature>
class FunctionRef;

/// Refers to a callable with this signature without owning it. Meant for parameters; must not outlive the callable.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  /// Refers to the callable, which must live at least as long.
  template <class Callable>
  requires(!std::is_same_v<Callable, FunctionRef>)
      FunctionRef(const Callable& callable)  // NOLINT: implicit, so that a lambda can be passed
      : object_(std::addressof(callable)), call_([](const void* object, Args... args) -> Result {
          return (*static_cast<const Callable*>(object))(std::forward<Args>(args)...);
        }) {}

  /// Calls it.
  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  const void* object_;
  Result (*call_)(const void* object, Args... args);
};

}  // namespace hcnn
