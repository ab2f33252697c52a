# Target `docs` makes the reference with Doxygen, in build/<preset>/docs/html; a test fails on an undocumented public
# name and is skipped, aloud, where there is no Doxygen.
find_program(HCNN_DOXYGEN doxygen)
mark_as_advanced(HCNN_DOXYGEN)
set(documentation_folder "${PROJECT_BINARY_DIR}/docs")
file(MAKE_DIRECTORY "${documentation_folder}")
configure_file("${PROJECT_SOURCE_DIR}/docs/Doxyfile.in" "${documentation_folder}/Doxyfile" @ONLY)
if(HCNN_DOXYGEN)
  add_custom_target(docs VERBATIM COMMAND "${HCNN_DOXYGEN}" "${documentation_folder}/Doxyfile"
                    COMMENT "Making ${documentation_folder}/html/index.html")
  add_test(NAME structure.documentation COMMAND "${HCNN_DOXYGEN}" "${documentation_folder}/Doxyfile")
else()
  add_test(NAME structure.documentation COMMAND "${CMAKE_COMMAND}" -E echo "skipped: doxygen is not installed")
  set_tests_properties(structure.documentation PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped")
endif()
