# Downloads CIFAR-100 (binary version, 161 MB) into FOLDER/cifar-100-binary:
# cmake -DFOLDER=data -P download_cifar100.cmake
# A download that broke off goes on where it stood. The archive's checksum is verified before anything is unpacked, and
# the named files alone are unpacked.
if(NOT FOLDER)
  message(FATAL_ERROR "FOLDER: none given; expected -DFOLDER=DIR before -P")
endif()
if(NOT URL)
  set(URL "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz")
  set(SHA256 58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec)
endif()
set(members train.bin test.bin fine_label_names.txt coarse_label_names.txt)

set(target "${FOLDER}/cifar-100-binary")
if(EXISTS "${target}")
  message(FATAL_ERROR "${target}: is there already; delete it to download it again")
endif()
set(scratch "${FOLDER}/cifar-100-download")
set(archive "${scratch}/archive.tar.gz")
set(rest "${scratch}/rest")  # what an archive that broke off lacks

function(refuse text)
  file(REMOVE_RECURSE "${scratch}")
  message(FATAL_ERROR "${URL}: ${text}")
endfunction()

# Appends what has come of `rest` to the archive.
function(append_rest)
  if(EXISTS "${rest}")
    execute_process(COMMAND "${CMAKE_COMMAND}" -E cat "${archive}" "${rest}" OUTPUT_FILE "${scratch}/joined"
                    COMMAND_ERROR_IS_FATAL ANY)
    file(RENAME "${scratch}/joined" "${archive}")
    file(REMOVE "${rest}")
  endif()
endfunction()

# Bytes of the archive that are here.
function(measure_archive variable)
  set(size 0)
  if(EXISTS "${archive}")
    file(SIZE "${archive}" size)
  endif()
  set(${variable} ${size} PARENT_SCOPE)
endfunction()

# Downloads `file`, from byte `start` on. What has come stays when the connection breaks.
function(fetch file start)
  set(range)
  if(start)
    set(range RANGE_START ${start})
  endif()
  file(DOWNLOAD "${URL}" "${file}" ${range} STATUS status SHOW_PROGRESS INACTIVITY_TIMEOUT 60)
  list(GET status 0 code)
  list(GET status 1 reason)
  append_rest()
  measure_archive(here)
  if(code AND here)
    message(FATAL_ERROR "${URL}: broke off after ${here} bytes: ${reason}; the same command goes on from there")
  elseif(code)
    refuse("not downloaded: ${reason}")
  endif()
endfunction()

function(checksum variable)
  set(sum "")
  if(EXISTS "${archive}")
    file(SHA256 "${archive}" sum)
  endif()
  set(${variable} "${sum}" PARENT_SCOPE)
endfunction()

append_rest()
checksum(came)
measure_archive(here)
if(here AND NOT came STREQUAL "${SHA256}")
  message(STATUS "downloading ${URL}, going on after ${here} bytes")
  fetch("${rest}" ${here})
  checksum(came)
  if(NOT came STREQUAL "${SHA256}")  # another file by now, or a server that always begins at the beginning
    file(REMOVE "${archive}")
  endif()
endif()
measure_archive(here)
if(NOT here)  # none, or an interrupted beginning without a byte
  message(STATUS "downloading ${URL}")
  fetch("${archive}" 0)
  checksum(came)
endif()
if(NOT came STREQUAL "${SHA256}")
  refuse("SHA-256 is ${came}; expected ${SHA256}")
endif()

list(TRANSFORM members PREPEND cifar-100-binary/ OUTPUT_VARIABLE paths)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C tar -tvzf "${archive}" ${paths}
                RESULT_VARIABLE failed OUTPUT_VARIABLE listing ERROR_QUIET)
if(failed)
  refuse("does not unpack; expected the members ${members}")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${listing}")
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^-")  # a link, a device, a folder
    string(REGEX MATCH "cifar-100-binary/[a-z_0-9]+.[a-z]+" path "${line}")
    refuse("${path} is not a file")
  endif()
endforeach()
execute_process(COMMAND tar -xzf "${archive}" -C "${scratch}" --no-same-owner ${paths} COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${scratch}/cifar-100-binary" "${target}")
file(REMOVE_RECURSE "${scratch}")
message(STATUS "${target}: ready")
