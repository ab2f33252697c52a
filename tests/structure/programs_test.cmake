# What the programs do with bad input: one clear line, an exit status that is not 0, and nothing overwritten.
# cmake -DPROGRAMS=build/release/examples -DWORK=scratch -P programs_test.cmake
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/taken" "${WORK}/short")
file(WRITE "${WORK}/taken/keep.txt" "mine")
file(WRITE "${WORK}/short/train.bin" "not 3074 bytes")
file(WRITE "${WORK}/short/test.bin" "")
file(WRITE "${WORK}/broken.safetensors" "12345678{}")

# Runs a program and expects one line on standard error that matches, and a failure.
function(refused expected program)
  execute_process(COMMAND "${PROGRAMS}/${program}" ${ARGN} RESULT_VARIABLE status ERROR_VARIABLE error
                  OUTPUT_VARIABLE output WORKING_DIRECTORY "${WORK}")
  string(REGEX MATCHALL "\n" lines "${error}")
  list(LENGTH lines count)
  if(status EQUAL 0 OR NOT count EQUAL 1 OR NOT error MATCHES "${expected}")
    message(FATAL_ERROR "${program} ${ARGN}: status ${status}, ${count} lines: ${error}\nexpected one line: ${expected}")
  endif()
endfunction()

refused("no-such-folder" train_multihead --data no-such-folder --out new)
refused("train.bin" train_multihead --data short --out new)
refused("taken.*nothing is overwritten" train_multihead --data synthetic --out taken)
refused("--no-such-flag.*see --help" train_multihead --no-such-flag)
refused("--recipe" train_multihead --recipe worst)
refused("--batch" train_multihead --batch 0)
refused("--epochs" train_severity --epochs 0)
refused("--seed" train_multihead --seed -1)
refused("--learning-rate" train_severity --learning-rate -1)
refused("no-model.safetensors" evaluate_model no-model.safetensors --data synthetic)
refused("broken.safetensors" evaluate_model broken.safetensors --data synthetic)
refused("broken.safetensors" predict_image broken.safetensors picture.png)

file(READ "${WORK}/taken/keep.txt" kept)
file(GLOB left "${WORK}/taken/*")
list(LENGTH left count)
if(NOT kept STREQUAL "mine" OR NOT count EQUAL 1 OR EXISTS "${WORK}/new")
  message(FATAL_ERROR "files were changed: taken holds ${left}")
endif()
