# Fuzz targets, one a file of this folder. With HCNN_BUILD_FUZZERS each is a program with libFuzzer, which run.py runs; in
# every build with tests all of them are one program that replays the kept corpus.
set(fuzz "${CMAKE_CURRENT_LIST_DIR}")
file(GLOB targets CONFIGURE_DEPENDS "${fuzz}/*.cpp")

function(add_fuzz_program name)
  add_executable(${name} ${ARGN} "${fuzz}/support/heap.cpp" "${fuzz}/support/target.cpp")
  target_link_libraries(${name} PRIVATE hcnn::io hcnn_warnings CLI11::CLI11)
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${name} PRIVATE HCNN_COMMIT="fuzz")  # config.json's; no figure depends on it
endfunction()

if(HCNN_BUILD_TESTS OR HCNN_BUILD_FUZZERS)
  find_package(CLI11 REQUIRED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()
if(HCNN_BUILD_TESTS)
  add_fuzz_program(fuzz_corpus ${targets} "${fuzz}/support/large.cpp" "${fuzz}/support/replay.cpp")
  optimize_little(fuzz_corpus)
  set_target_properties(fuzz_corpus PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 7)
  add_test(NAME fuzz.corpus COMMAND fuzz_corpus "${fuzz}/corpus")
  set_tests_properties(fuzz.corpus PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT ${test_timeout})

  add_executable(fuzz_read_safetensors "${fuzz}/support/read_safetensors.cpp")
  target_link_libraries(fuzz_read_safetensors PRIVATE hcnn::io hcnn_warnings)
  add_test(NAME fuzz.differential COMMAND Python3::Interpreter -B "${fuzz}/differential.py"
                                          "$<TARGET_FILE:fuzz_read_safetensors>" "${fuzz}/corpus")
  set_tests_properties(fuzz.differential PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${test_timeout})
endif()
if(HCNN_BUILD_FUZZERS)
  foreach(source IN LISTS targets)
    get_filename_component(name "${source}" NAME_WE)
    add_fuzz_program(fuzz_${name} "${source}" "${fuzz}/support/libfuzzer.cpp")
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
