// Parallel loops: each index once, the same cuts at any number of threads, exceptions.
#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "hcnn/core/parallel.hpp"

using namespace hcnn;

namespace {

/// Runs the check at 1, 2, 3, 4 and 8 threads.
template <class Check>
void at_every_thread_count(const Check& check) {
  for (int threads : {1, 2, 3, 4, 8}) {
    CAPTURE(threads);
    const ThreadCountScope scope(threads);
    check();
  }
}

}  // namespace

TEST_CASE("parallel_for calls each index exactly once") {
  at_every_thread_count([] {
    for (Index count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      parallel_for(count, [&](Index i) { ++calls[static_cast<std::size_t>(i)]; });
      for (const auto& n : calls) CHECK(n == 1);
    }
  });
}

TEST_CASE("parallel_ranges covers the range once, with no empty task and at most one task a thread") {
  at_every_thread_count([] {
    for (Index count : {0, 1, 3, 100}) {
      std::atomic<Index> covered{0};
      std::atomic<int> tasks{0}, empty{0};
      parallel_ranges(count, [&](Index begin, Index end) {
        covered += end - begin;
        ++tasks;
        empty += end <= begin;
      });
      CHECK(covered == count);
      CHECK(tasks <= thread_count());
      CHECK(empty == 0);
    }
  });
}

#ifdef _OPENMP
TEST_CASE("four threads take a range in four tasks") {
  const ThreadCountScope scope(4);
  std::vector<std::thread::id> workers(4);
  parallel_ranges(100, [&](Index begin, Index end) {
    CHECK(end - begin == 25);
    workers.at(static_cast<std::size_t>(begin / 25)) = std::this_thread::get_id();
  });
  CHECK(std::set<std::thread::id>(workers.begin(), workers.end()).size() == 4);
}
#endif

TEST_CASE("parallel_elements cuts by the count alone") {
  const Index count = 3 * kElementGrain + 5;
  at_every_thread_count([&] {
    std::vector<Index> ends(4);
    parallel_elements(count,
                      [&](Index begin, Index end) { ends.at(static_cast<std::size_t>(begin / kElementGrain)) = end; });
    CHECK(ends == std::vector<Index>{kElementGrain, 2 * kElementGrain, 3 * kElementGrain, count});
  });
}

TEST_CASE("a loop inside a parallel loop runs on the calling thread and covers its range") {
  at_every_thread_count([] {
    std::atomic<int> inner{0}, tasks{0};
    parallel_for(4, [&](Index) {
      parallel_ranges(10, [&](Index begin, Index end) {
        inner += static_cast<int>(end - begin);
        ++tasks;
      });
    });
    CHECK(inner == 40);
    CHECK((tasks == 4 || thread_count() == 1));
  });
}

TEST_CASE("an exception of a task reaches the caller, and later loops work") {
  at_every_thread_count([] {
    CHECK_THROWS_AS(parallel_for(16,
                                 [](Index i) {
                                   if (i % 4 == 3) throw std::out_of_range("three");
                                 }),
                    std::out_of_range);
    std::atomic<int> calls{0};
    parallel_for(16, [&](Index) { ++calls; });
    CHECK(calls == 16);
  });
}

TEST_CASE("fewer than one thread is refused") {
  CHECK_THROWS_WITH_AS(set_thread_count(0), "set_thread_count: 0 threads; at least 1 is needed", OptionError);
}
