# What a kill, a full disk and failing system calls leave of a run: R7. The scripts' whole campaigns are in README.md.
set(faults "${CMAKE_CURRENT_LIST_DIR}")
add_executable(tiny_run "${faults}/tiny_run.cpp")
target_link_libraries(tiny_run PRIVATE hcnn::io hcnn_warnings)
target_include_directories(tiny_run PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
optimize_little(tiny_run)
add_test(NAME faults.kills
         COMMAND Python3::Interpreter -B "${faults}/kill_checkpoints.py" "$<TARGET_FILE:tiny_run>" --kills 30)
add_test(NAME faults.full_disk
         COMMAND Python3::Interpreter -B "${faults}/full_disk.py" "$<TARGET_FILE:tiny_run>" --sizes 6)
set(fault_tests faults.kills faults.full_disk)

# A sanitizer's runtime must be the first library of a program: no other can be preloaded.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  add_library(faulty_calls MODULE "${faults}/faulty_calls.cpp")
  target_compile_features(faulty_calls PRIVATE cxx_std_20)
  target_link_libraries(faulty_calls PRIVATE hcnn_warnings ${CMAKE_DL_LIBS})
  add_test(NAME faults.system_calls
           COMMAND Python3::Interpreter -B "${faults}/inject_faults.py" "$<TARGET_FILE:tiny_run>"
                   "$<TARGET_FILE:faulty_calls>")
  list(APPEND fault_tests faults.system_calls)
endif()
set_tests_properties(${fault_tests} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${test_timeout})
