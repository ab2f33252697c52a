# Files that other programs read and write: NumPy, the onnx package, onnxruntime, PyTorch; each skipped where it is not
# installed.
set(exchange "${CMAKE_CURRENT_LIST_DIR}")
add_executable(exchange_files "${exchange}/exchange_files.cpp")
target_link_libraries(exchange_files PRIVATE hcnn::io hcnn_warnings)
target_include_directories(exchange_files PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
optimize_little(exchange_files)
if(HCNN_BUILD_EXAMPLES)
  set(arguments_of_onnx "$<TARGET_FILE:export_onnx>")
endif()
foreach(reader IN ITEMS npy onnx onnxruntime torch)
  add_test(NAME exchange.${reader}
           COMMAND Python3::Interpreter -B "${exchange}/${reader}_files.py" "$<TARGET_FILE:exchange_files>"
                   "${CMAKE_CURRENT_BINARY_DIR}/exchange_${reader}" ${arguments_of_${reader}})
  set_tests_properties(exchange.${reader} PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive SKIP_RETURN_CODE 77
                       TIMEOUT ${test_timeout})
endforeach()
