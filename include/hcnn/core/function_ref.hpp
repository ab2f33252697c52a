// A callable argument without a template: what takes it is compiled once, not once for each lambda.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace hcnn {

/// Of a function type: `FunctionRef<void(Index)>`; defined below for those.
template <class Signature>
class FunctionRef;

/// Refers to any callable with this signature, without owning it: for parameters, which it must not outlive.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  /// Refers to the callable, which must live as long.
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
