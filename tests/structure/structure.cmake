# Structure tests: include order, documentation, headers that stand alone, two translation units, the installed package
# and other ways to use the library, data download.
set(structure "${CMAKE_CURRENT_LIST_DIR}")
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME structure.include_order COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/check_includes.py")
add_test(NAME structure.planted_violations COMMAND Python3::Interpreter -B "${structure}/check_includes_test.py")

# Every public layer, loss and optimizer is proved on shapes of all kinds (tests/proof.hpp).
add_test(NAME structure.registry COMMAND Python3::Interpreter -B "${structure}/registry_test.py"
                                         "${CMAKE_CURRENT_BINARY_DIR}")
set_tests_properties(structure.registry PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT ${test_timeout})

# Links and names in the Markdown files, and planted violations of both.
add_test(NAME structure.markdown COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/cmake/check_markdown.py")
add_test(NAME structure.markdown_violations COMMAND Python3::Interpreter -B "${structure}/check_markdown_test.py")

# Scripts can be run, and the planted mistakes of tests/mistakes still fit the library.
add_test(NAME structure.scripts COMMAND Python3::Interpreter -B "${structure}/scripts_test.py" "${PROJECT_SOURCE_DIR}")
add_test(NAME structure.mistakes COMMAND Python3::Interpreter -B "${PROJECT_SOURCE_DIR}/tests/mistakes/plant.py" --check)

# What SECURITY.md promises of the source, and that every test it names exists.
add_test(NAME structure.security COMMAND Python3::Interpreter -B "${structure}/security_test.py" "${PROJECT_SOURCE_DIR}")

# Every header compiled alone, one ctest entry per folder, minutes in all, so not in the quick proof; then all of them at once, without OpenMP, by each compiler.
set(check_headers "${CMAKE_COMMAND}" "-DINCLUDE=${PROJECT_SOURCE_DIR}/include")
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include/hcnn"
     "${PROJECT_SOURCE_DIR}/include/hcnn/*/*.hpp")
list(TRANSFORM headers REPLACE "/.*" "" OUTPUT_VARIABLE folders)
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
  add_test(NAME structure.header_alone.${folder}
           COMMAND ${check_headers} "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DFLAGS=${OpenMP_CXX_FLAGS}" -DGLOB=GLOB_RECURSE
                   "-DPATTERN=hcnn/${folder}/*.hpp" -P "${structure}/check_headers.cmake")
  set_tests_properties(structure.header_alone.${folder} PROPERTIES LABELS slow)
endforeach()

find_program(HCNN_GXX g++)
find_program(HCNN_CLANGXX clang++)
mark_as_advanced(HCNN_GXX HCNN_CLANGXX)
foreach(compiler IN ITEMS "${HCNN_GXX}" "${HCNN_CLANGXX}")
  if(compiler)
    get_filename_component(name "${compiler}" NAME)
    add_test(NAME structure.umbrellas_without_openmp.${name}
             COMMAND ${check_headers} "-DCOMPILER=${compiler}" -DGLOB=GLOB "-DPATTERN=hcnn/*.hpp"
                     -P "${structure}/check_headers.cmake")
    add_test(NAME structure.consumer.${name}
             COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${compiler}" "-DBUILD=${PROJECT_BINARY_DIR}"
                     "-DCONSUMER=${CMAKE_CURRENT_SOURCE_DIR}/consumer"
                     "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumer_${name}"
                     -P "${structure}/consumer_test.cmake")
    set_tests_properties(structure.consumer.${name} PROPERTIES TIMEOUT ${test_timeout} RUN_SERIAL ON)  # it limits processor time
  endif()
endforeach()

add_test(NAME structure.consumer_io
         COMMAND "${CMAKE_COMMAND}" "-DBUILD=${PROJECT_BINARY_DIR}"
                 "-DCONSUMER=${CMAKE_CURRENT_SOURCE_DIR}/consumer_io"
                 "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumer_io" -P "${structure}/consumer_io_test.cmake")

add_test(NAME structure.consumer_ways
         COMMAND Python3::Interpreter -B "${structure}/consumer_ways_test.py" "${PROJECT_SOURCE_DIR}"
                 "${PROJECT_BINARY_DIR}" "${CMAKE_CURRENT_BINARY_DIR}/consumer_ways" "${CMAKE_CXX_COMPILER}")

# Two translation units with every umbrella header link: nothing in the library is defined twice.
add_executable(structure_two_units "${structure}/first_unit.cpp" "${structure}/second_unit.cpp")
target_link_libraries(structure_two_units PRIVATE hcnn::io hcnn_warnings)
add_test(NAME structure.two_units COMMAND structure_two_units)

# The report page in headless Chromium; ctest names the test as skipped where none is installed.
add_executable(report_page "${structure}/report_page.cpp")
target_link_libraries(report_page PRIVATE hcnn::io hcnn_warnings)
optimize_little(report_page)
add_test(NAME structure.report_in_browser
         COMMAND Python3::Interpreter -B "${structure}/report_in_browser.py" "$<TARGET_FILE:report_page>"
                 "${CMAKE_CURRENT_BINARY_DIR}/report_in_browser")
set_tests_properties(structure.report_in_browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${test_timeout})

# The C++ blocks of README and guide are one program, a namespace for each page; the guide's commands are run where the programs are built.
file(GLOB chapters CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/guide/*.md")
set(guide_source "${CMAKE_CURRENT_BINARY_DIR}/guide.cpp")
add_custom_command(OUTPUT "${guide_source}" VERBATIM DEPENDS "${structure}/guide.py" "${PROJECT_SOURCE_DIR}/README.md" ${chapters}
                   COMMAND Python3::Interpreter -B "${structure}/guide.py" program "${guide_source}"
                           "${PROJECT_SOURCE_DIR}/README.md" ${chapters})
add_executable(guide "${guide_source}")
target_link_libraries(guide PRIVATE hcnn::io hcnn_warnings)
optimize_little(guide)
add_test(NAME structure.guide COMMAND guide "${CMAKE_CURRENT_BINARY_DIR}/guide_work")
add_test(NAME structure.guide_violations COMMAND Python3::Interpreter -B "${structure}/guide_test.py")
set_tests_properties(structure.guide PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT ${test_timeout})

include("${structure}/documentation.cmake")

if(HCNN_BUILD_EXAMPLES)
  add_test(NAME structure.guide_commands
           COMMAND Python3::Interpreter -B "${structure}/guide.py" commands "${PROJECT_BINARY_DIR}/examples"
                   "${CMAKE_CURRENT_BINARY_DIR}/guide_commands" ${chapters})
  add_test(NAME structure.gallery
           COMMAND "${CMAKE_COMMAND}" "-DPROGRAMS=${PROJECT_BINARY_DIR}/examples"
                   "-DPYTHON=${Python3_EXECUTABLE}" "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/gallery" -P "${structure}/gallery_test.cmake")
  set_tests_properties(structure.guide_commands structure.gallery PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive
                       TIMEOUT ${test_timeout})
  add_test(NAME structure.programs
           COMMAND "${CMAKE_COMMAND}" "-DPROGRAMS=${PROJECT_BINARY_DIR}/examples"
                   "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/programs" -P "${structure}/programs_test.cmake")
  add_test(NAME structure.bad_inputs
           COMMAND Python3::Interpreter -B "${structure}/bad_inputs.py" "${PROJECT_BINARY_DIR}/examples"
                   "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus" "${CMAKE_CURRENT_BINARY_DIR}/bad_inputs")
  # Its bounds are for the programs that users run.
  set_tests_properties(structure.bad_inputs PROPERTIES TIMEOUT ${test_timeout})
  add_test(NAME structure.folder_programs
           COMMAND "${CMAKE_COMMAND}" "-DPROGRAMS=${PROJECT_BINARY_DIR}/examples"
                   "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/folder_programs" -P "${structure}/folder_programs_test.cmake")
  foreach(part IN ITEMS answers figures)
    add_test(NAME structure.pretrained_${part}
             COMMAND Python3::Interpreter -B "${structure}/pretrained_test.py" ${part} "${PROJECT_BINARY_DIR}/examples"
                     "${PROJECT_SOURCE_DIR}/pretrained" "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/png/good_colour")
    set_tests_properties(structure.pretrained_${part} PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT OMP_WAIT_POLICY=passive
                         TIMEOUT ${test_timeout})
  endforeach()
  add_test(NAME structure.kill_and_resume
           COMMAND Python3::Interpreter -B "${CMAKE_CURRENT_SOURCE_DIR}/kill_and_resume.py"
                   "$<TARGET_FILE:train_multihead>" --kills 3 --stops 1 --
                   --data synthetic --network compact --limit 120 --epochs 2 --batch 16 --checkpoint-every 0.1
                   --precision bf16)
  add_test(NAME structure.settings
           COMMAND Python3::Interpreter -B "${structure}/settings_test.py" "${PROJECT_BINARY_DIR}/examples"
                   "${CMAKE_CURRENT_BINARY_DIR}/settings")
  add_test(NAME structure.options
           COMMAND Python3::Interpreter -B "${structure}/options_test.py" "${PROJECT_BINARY_DIR}/examples"
                   "${CMAKE_CURRENT_BINARY_DIR}/options")
  set_tests_properties(structure.options PROPERTIES LABELS slow ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT 900)
  add_test(NAME structure.searches
           COMMAND Python3::Interpreter -B "${structure}/searches_test.py" "${PROJECT_BINARY_DIR}/examples"
                   "${CMAKE_CURRENT_BINARY_DIR}/searches")
  set_tests_properties(structure.kill_and_resume structure.searches structure.settings structure.folder_programs PROPERTIES
                       ENVIRONMENT OMP_WAIT_POLICY=passive TIMEOUT ${test_timeout})
endif()

# Every published figure follows from the confusion matrices beside it, and every answer from the figures.
add_test(NAME structure.results COMMAND Python3::Interpreter -B "${PROJECT_SOURCE_DIR}/results/check")
add_test(NAME structure.claims COMMAND Python3::Interpreter -B "${PROJECT_SOURCE_DIR}/results/claims" --check)

add_test(NAME structure.download
         COMMAND Python3::Interpreter -B "${structure}/download_test.py"
                 "${PROJECT_SOURCE_DIR}/cmake/download_cifar100.cmake" "${CMAKE_CURRENT_BINARY_DIR}/download")
