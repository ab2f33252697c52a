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
refused("--learning-rate" train_severity --learning-rate -1)

# Resuming: what cannot be continued is refused before any image is read.
set(config [[{"program": "train_multihead", "data": "synthetic", "recipe": "report", "split": 0.8, "seed": 1, "epochs": 3,
  "batch": 32, "precision": "fp32", "network": "compact", "activation": "relu", "batch_norm": true, "dropout": 0.5,
  "init": "he", "small_heads": false, "loss": "ce", "head_weights": [1, 1, 1], "label_smoothing": 0, "optimizer": "adam",
  "nesterov": false, "learning_rate": 0.001, "weight_decay": 0, "schedule": "one-cycle", "augment": "none",
  "normalize": false, "limit": 100, "threads": 2, "isa": "portable", "commit": "none"}]])
foreach(folder IN ITEMS begun damaged foreign old)
  file(MAKE_DIRECTORY "${WORK}/${folder}")
  file(WRITE "${WORK}/${folder}/config.json" "${config}")
endforeach()
file(WRITE "${WORK}/begun/resume.safetensors" "12345678{}")
string(REPLACE "\"epochs\": 3" "\"epochs\": 0" wrong "${config}")
file(WRITE "${WORK}/damaged/config.json" "${wrong}")
string(REPLACE "train_multihead" "train_severity" wrong "${config}")
file(WRITE "${WORK}/foreign/config.json" "${wrong}")
file(WRITE "${WORK}/old/history.csv" "epoch,learning_rate,seconds\n")

refused("--resume requires --out" train_multihead --resume)
refused("--config excludes --resume|--resume" train_multihead --out begun --resume --config begun/config.json)
refused("taken: it holds no config.json" train_multihead --out taken --resume)
refused("nowhere: it holds no config.json" train_multihead --out nowhere --resume)
refused("begun/resume.safetensors: header length" train_multihead --out begun --resume)
refused("asks for epochs = 9; the run has 3" train_multihead --out begun --resume --epochs 9)
refused("asks for recipe = .best.; the run has .report." train_multihead --out begun --resume --recipe best)
refused("asks for data = .CIFAR-100.; the run has .synthetic." train_multihead --out begun --resume --data short)
refused("asks for precision = .bf16." train_multihead --out begun --resume --precision bf16)
refused("asks for batch_norm = false" train_multihead --out begun --resume --no-batch-norm)
refused("damaged/config.json: epochs = 0; a whole number from 1" train_multihead --out damaged --resume)
refused("foreign/config.json: a run of train_severity" train_multihead --out foreign --resume)
refused("old: it holds no resume.safetensors" train_multihead --out old --resume)
refused("no.json: No such file" train_multihead --config no.json --out new)
refused("damaged/config.json: epochs = 0" train_multihead --config damaged/config.json --out new)
refused("--recipe: best; --config says report" train_multihead --config begun/config.json --recipe best --out new)
file(READ "${WORK}/begun/resume.safetensors" kept)
file(GLOB left "${WORK}/begun/*")
list(LENGTH left count)
if(NOT kept STREQUAL "12345678{}" OR NOT count EQUAL 2)
  message(FATAL_ERROR "a refused run was changed: ${left}")
endif()

refused("no-model.safetensors" evaluate_model no-model.safetensors --data synthetic)
refused("broken.safetensors" evaluate_model broken.safetensors --data synthetic)
refused("broken.safetensors" predict_image broken.safetensors picture.png)

file(READ "${WORK}/taken/keep.txt" kept)
file(GLOB left "${WORK}/taken/*")
list(LENGTH left count)
if(NOT kept STREQUAL "mine" OR NOT count EQUAL 1 OR EXISTS "${WORK}/new")
  message(FATAL_ERROR "files were changed: taken holds ${left}")
endif()
