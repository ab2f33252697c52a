// The library's only use of OpenMP: runs a range of independent tasks on several threads.
#pragma once

#include <exception>

#include "hcnn/core/check.hpp"
#include "hcnn/core/function_ref.hpp"
#include "hcnn/core/shape.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

/// Put before an inner loop whose iterations are independent: requests vector instructions, also at -O2, where g++ 12
/// does not vectorise on its own. Empty without OpenMP.
#ifdef _OPENMP
#define HCNN_SIMD _Pragma("omp simd")
#else
#define HCNN_SIMD
#endif

namespace hcnn {

/// Number of threads of parallel loops: OMP_NUM_THREADS, else the number of cores; 1 without OpenMP.
inline int thread_count() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads of the calling thread's parallel loops; ignored without OpenMP. Throws OptionError for
/// fewer than one.
inline void set_thread_count(int threads) {
  if (threads < 1) fail<OptionError>("set_thread_count", concat(threads, " threads"), "at least 1 is needed");
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

/// Sets the number of threads of the calling thread's parallel loops until the end of a scope.
class ThreadCountScope {
 public:
  /// Throws OptionError for fewer than one thread.
  explicit ThreadCountScope(int threads) : before_(thread_count()) { set_thread_count(threads); }
  /// Restores the previous number.
  ~ThreadCountScope() {
#ifdef _OPENMP
    omp_set_num_threads(before_);
#endif
  }
  ThreadCountScope(const ThreadCountScope&) = delete;
  ThreadCountScope& operator=(const ThreadCountScope&) = delete;

 private:
  [[maybe_unused]] int before_;
};

/// Calls `task(begin, end)` once per thread on disjoint ranges that cover [0, count). The ranges depend on the number
/// of threads, so a task must not accumulate over its range into a shared result. Inside another parallel loop it runs
/// on the calling thread. Rethrows the first exception.
inline void parallel_ranges(Index count, FunctionRef<void(Index begin, Index end)> task) {
#ifdef _OPENMP
  const int threads = static_cast<int>(count < thread_count() ? count : Index{thread_count()});
  if (threads > 1 && !omp_in_parallel()) {
    std::exception_ptr error;
#pragma omp parallel num_threads(threads)
    {
      const Index team = omp_get_num_threads(), id = omp_get_thread_num();
      try {
        task(count * id / team, count * (id + 1) / team);
      } catch (...) {
#pragma omp critical(hcnn_parallel_error)
        if (!error) error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
    return;
  }
#endif
  if (count > 0) task(Index{0}, count);
}

/// Calls `task(i)` exactly once for every i in [0, count), on several threads. Tasks must write disjoint outputs.
template <class Task>
void parallel_for(Index count, const Task& task) {
  parallel_ranges(count, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) task(i);
  });
}

/// Elements per task of an element-wise loop: small enough to balance the load, large enough to pay.
inline constexpr Index kElementGrain = 16384;

/// Calls `task(begin, end)` on ranges of at most kElementGrain elements that cover [0, count); the boundaries depend on
/// the count alone, so vectorised sums inside one range have the same order at any number of threads.
template <class Task>
void parallel_elements(Index count, const Task& task) {
  parallel_for((count + kElementGrain - 1) / kElementGrain, [&](Index block) {
    const Index begin = block * kElementGrain;
    task(begin, begin + kElementGrain < count ? begin + kElementGrain : count);
  });
}

}  // namespace hcnn
