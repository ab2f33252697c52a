// The library's only use of OpenMP: run a range of independent tasks on several threads.
#pragma once

#include <exception>

#include "hcnn/core/check.hpp"
#include "hcnn/core/function_ref.hpp"
#include "hcnn/core/shape.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

/// Before an inner loop whose iterations are independent: asks for vector instructions, and at -O2 too, where g++ 12
/// would not use them on its own. Nothing without OpenMP.
#ifdef _OPENMP
#define HCNN_SIMD _Pragma("omp simd")
#else
#define HCNN_SIMD
#endif

namespace hcnn {

/// Threads that parallel loops use: OMP_NUM_THREADS, else the number of cores; 1 without OpenMP.
inline int thread_count() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets the number of threads of the calling thread's parallel loops; ignored without OpenMP. Throws OptionError for
/// less than one.
inline void set_thread_count(int threads) {
  if (threads < 1) fail<OptionError>("set_thread_count", concat(threads, " threads"), "at least 1 is needed");
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

/// Sets the number of threads of the calling thread's parallel loops until the end of a scope.
class ThreadCountScope {
 public:
  /// Throws OptionError for less than one thread.
  explicit ThreadCountScope(int threads) : before_(thread_count()) { set_thread_count(threads); }
  /// Sets the number as it was.
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

/// Calls `task(begin, end)` once per thread on disjoint ranges that cover [0, count). Which range a thread gets depends
/// on the number of threads, so a task must not sum across its range into something shared. Inside another parallel
/// loop it runs on the calling thread. The first exception is passed on.
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

/// Calls `task(i)` for every i in [0, count), each exactly once, on several threads. Tasks own disjoint outputs.
template <class Task>
void parallel_for(Index count, const Task& task) {
  parallel_ranges(count, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) task(i);
  });
}

/// How many elements one task of an element-wise loop takes: small enough to share out, large enough to pay.
inline constexpr Index kElementGrain = 16384;

/// Calls `task(begin, end)` on ranges of at most kElementGrain elements that cover [0, count); the cuts depend on the
/// count alone, so vectorised sums inside one range have the same order at any number of threads.
template <class Task>
void parallel_elements(Index count, const Task& task) {
  parallel_for((count + kElementGrain - 1) / kElementGrain, [&](Index block) {
    const Index begin = block * kElementGrain;
    task(begin, begin + kElementGrain < count ? begin + kElementGrain : count);
  });
}

}  // namespace hcnn
