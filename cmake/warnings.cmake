# hcnn_warnings: what our own programs are compiled with. Users of the library never get these flags.
add_library(hcnn_warnings INTERFACE)
target_compile_options(hcnn_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# g++ 12 sees overlapping copies in `"text" + string` where there are none (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(hcnn_warnings INTERFACE -Wno-restrict)
endif()
# A compiler newer than the tested ones may warn about more: then configure with -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF.
set(CMAKE_COMPILE_WARNING_AS_ERROR ON CACHE BOOL "Warnings in hcnn's own programs are errors")
