# Installs hcnn into an empty folder, then configures, builds and runs tests/consumer against it:
# cmake -DCOMPILER= -DBUILD=(hcnn's build folder) -DCONSUMER=(its sources) -DWORK=(scratch) -P consumer_test.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE failed)
  if(failed)
    list(JOIN ARGV " " line)
    message(FATAL_ERROR "failed (${failed}): ${line}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
file(RENAME "${WORK}/prefix" "${WORK}/moved")  # an installed package may be moved

set(hide)
foreach(package IN ITEMS Eigen3 nlohmann_json ZLIB PNG JPEG doctest CLI11 benchmark)
  list(APPEND hide "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
endforeach()
# Compiles under a limit of 40 s of processor time and 1 GiB (2^20 KiB) of address space for each compiler process: four
# times what a quiet machine takes, for what else runs on it stretches processor time too. The limit is held if one of
# three attempts stays below it; benchmarks/compile_cost.py measures.
function(build_within_limits folder)
  foreach(attempt RANGE 1 3)
    execute_process(COMMAND sh -c "ulimit -t 40 && ulimit -v 1048576 && exec \"$0\" --build \"$1\" --verbose"
                            "${CMAKE_COMMAND}" "${folder}"
                    RESULT_VARIABLE failed)
    if(NOT failed)
      return()
    endif()
    message("attempt ${attempt} of 3 failed (${failed})")
  endforeach()
  message(FATAL_ERROR "${COMPILER} does not build ${CONSUMER} within 40 s and 1 GiB")
endfunction()

# Twice: as a plain `cmake -S . -B build` does, and as Release.
foreach(type IN ITEMS "" Release)
  set(build "${WORK}/build${type}")
  run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${build}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_BUILD_TYPE=${type}"
      "-DCMAKE_PREFIX_PATH=${WORK}/moved" --no-warn-unused-cli ${hide})
  build_within_limits("${build}")
  run("${build}/consumer")
endforeach()
