# Runs the data download on archives made here:
# cmake -DSCRIPT=download_cifar100.cmake -DWORK=(scratch) -P download_test.cmake
set(files train.bin test.bin fine_label_names.txt coarse_label_names.txt)
set(archive "${WORK}/archive.tar.gz")

# Fresh source folder with the four files.
macro(make_files)
  file(REMOVE_RECURSE "${WORK}")
  foreach(file IN LISTS files)
    file(WRITE "${WORK}/source/cifar-100-binary/${file}" "content of ${file}")
  endforeach()
endmacro()

macro(pack)
  execute_process(COMMAND tar -czf "${archive}" -C "${WORK}/source" ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 "${archive}" sha256)
endmacro()

# Downloads; `error` is what was said, empty where it succeeded.
macro(download)
  execute_process(COMMAND "${CMAKE_COMMAND}" "-DURL=file://${archive}" "-DSHA256=${sha256}" "-DFOLDER=${WORK}/data"
                          -P "${SCRIPT}"
                  RESULT_VARIABLE failed ERROR_VARIABLE error OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " error "${error}")  # CMake breaks the lines of a message wherever they get long
  if(NOT failed)
    set(error "")
  endif()
endmacro()

# The download must have failed, saying `text`, with nothing left behind.
function(expect_refusal text)
  file(GLOB left "${WORK}/data/*")
  if(NOT error MATCHES "${text}")
    message(FATAL_ERROR "said '${error}'; expected '${text}'")
  elseif(left)
    message(FATAL_ERROR "'${text}': left behind ${left}")
  endif()
endfunction()

make_files()
file(WRITE "${WORK}/source/cifar-100-binary/other.txt" "not one of the four")
pack(cifar-100-binary)
download()
file(GLOB_RECURSE found RELATIVE "${WORK}/data/cifar-100-binary" "${WORK}/data/*")
list(SORT files)
if(error OR NOT found STREQUAL files)
  message(FATAL_ERROR "a good archive gave '${found}' ${error}; expected '${files}'")
endif()
download()
if(NOT error MATCHES "is there already")
  message(FATAL_ERROR "data that is there was downloaded again: ${error}")
endif()

make_files()
pack(cifar-100-binary)
string(REPEAT 0 64 sha256)
download()
expect_refusal("SHA-256 is [0-9a-f]+; expected 0+")

make_files()
pack(cifar-100-binary/train.bin cifar-100-binary/test.bin)
download()
expect_refusal("does not unpack; expected the members")

make_files()
file(REMOVE "${WORK}/source/cifar-100-binary/test.bin")
file(CREATE_LINK /etc/passwd "${WORK}/source/cifar-100-binary/test.bin" SYMBOLIC)
pack(cifar-100-binary)
download()
expect_refusal("cifar-100-binary/test.bin is not a file")

make_files()
pack(cifar-100-binary)
file(REMOVE "${archive}")
download()
expect_refusal("not downloaded")
file(REMOVE_RECURSE "${WORK}")
