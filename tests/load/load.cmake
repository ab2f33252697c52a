# Long runs, here for seconds: many threads on one model, and a training with many checkpoints. With the thread sanitizer
# also a race that it must report, and Archer for all tests: without it, LLVM's OpenMP looks like a race itself.
set(load "${CMAKE_CURRENT_LIST_DIR}")
foreach(name IN ITEMS infer_threads soak)
  add_executable(${name} "${load}/${name}.cpp")
  target_link_libraries(${name} PRIVATE hcnn::io hcnn_warnings)
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  optimize_little(${name})
endforeach()
add_test(NAME load.infer_threads COMMAND infer_threads --seconds 2)
# Other tests run beside it: a drift is looked for in campaigns only.
add_test(NAME load.soak COMMAND soak --minutes 0.1 --every 0.5 --drift 100 --images 160)
set_tests_properties(load.infer_threads load.soak PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT ${test_timeout})

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  find_library(HCNN_ARCHER archer PATHS /usr/lib/llvm-14/lib REQUIRED)
  add_executable(planted_race "${load}/planted_race.cpp")
  target_link_libraries(planted_race PRIVATE hcnn::hcnn hcnn_warnings)
  add_test(NAME load.planted_race COMMAND planted_race)
  set_tests_properties(load.planted_race PROPERTIES PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race")
  get_property(tests DIRECTORY PROPERTY TESTS)
  foreach(test IN LISTS tests)
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT
      "OMP_TOOL_LIBRARIES=${HCNN_ARCHER}" "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
    set_property(TEST ${test} PROPERTY TIMEOUT 3000)
  endforeach()
endif()
