# Installs headers and the CMake package. The package works on any machine: nothing in it is compiled.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/hcnn")
install(DIRECTORY include/hcnn DESTINATION include FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY share/hcnn DESTINATION share)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# Two export sets: find_package(hcnn) must not ask for the packages of hcnn::io.
install(TARGETS hcnn EXPORT hcnnTargets)
install(EXPORT hcnnTargets NAMESPACE hcnn:: DESTINATION "${package_dir}")
install(TARGETS hcnn_io EXPORT hcnnIoTargets)
install(EXPORT hcnnIoTargets NAMESPACE hcnn:: DESTINATION "${package_dir}")

configure_package_config_file(cmake/hcnnConfig.cmake.in hcnnConfig.cmake INSTALL_DESTINATION "${package_dir}")
# SameMinorVersion: before 1.0 a new minor version may change the API.
write_basic_package_version_file(hcnnConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/hcnnConfig.cmake" "${PROJECT_BINARY_DIR}/hcnnConfigVersion.cmake"
        DESTINATION "${package_dir}")

# For builds without CMake. Their prefix is found from the file's own place, so an installed package may be moved.
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH prefix_from_pkgconfig "/prefix/${pkgconfig_dir}" /prefix)
foreach(name IN ITEMS hcnn hcnn_io)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${pkgconfig_dir}")
endforeach()
