# Installs hcnn, moves it, and builds tests/consumer_io against it, whose program must find share/hcnn there:
# cmake -DBUILD=(hcnn's build folder) -DCONSUMER=(its sources) -DWORK=(scratch) -P consumer_io_test.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE failed)
  if(failed)
    list(JOIN ARGV " " line)
    message(FATAL_ERROR "failed (${failed}): ${line}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
file(RENAME "${WORK}/prefix" "${WORK}/moved here")
run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK}/build" "-DCMAKE_PREFIX_PATH=${WORK}/moved here")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
execute_process(COMMAND "${WORK}/build/consumer_io" OUTPUT_VARIABLE folder ERROR_VARIABLE error)
if(NOT folder STREQUAL "${WORK}/moved here/share/hcnn\n")
  message(FATAL_ERROR "share/hcnn: '${folder}${error}'; expected ${WORK}/moved here/share/hcnn")
endif()
