# The programs that people copy, on small data: each runs, says what its header promises, and refuses bad input.
# cmake -DPROGRAMS=build/release/examples -DWORK=scratch -P gallery_test.cmake
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
file(WRITE "${WORK}/taken.safetensors" "mine")

# Runs a program and expects this exit status, and text that matches.
function(expect status expected program)
  execute_process(COMMAND "${PROGRAMS}/${program}" ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result
                  OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL status OR NOT text MATCHES "${expected}")
    message(FATAL_ERROR "${program} ${ARGN}: status ${result}: ${text}\nexpected status ${status} and: ${expected}")
  endif()
  message(STATUS "${program} ${ARGN}\n${text}")
endfunction()

# A base that has hardly learned anything: the programs are tested, not the network.
expect(0 "report:" train_multihead --data synthetic --network compact --batch 32 --dry-run --out base)
set(model base/last.safetensors)

expect(0 "from fresh weights:  mark .* %  colour .*\nheads on a frozen trunk: .*\nthen all of it: .*\nmodel: "
       fine_tune ${model} --images 32 --epochs 1 --out tuned.safetensors)
expect(1 "taken.safetensors: it is there already" fine_tune ${model} --out taken.safetensors)
expect(1 "no-model.safetensors" fine_tune no-model.safetensors)
expect(2 "--images" fine_tune ${model} --images 0)
file(READ "${WORK}/taken.safetensors" kept)
if(NOT kept STREQUAL "mine")
  message(FATAL_ERROR "taken.safetensors was overwritten")
endif()

expect(0 "^2 workers, 3 clients: [0-9]+ requests/s, latency .* 0 answers differ" serve_threads ${model} --workers 2
       --clients 3 --requests 50)
expect(0 "^1 workers, 1 clients" serve_threads tuned.safetensors --workers 1 --clients 1 --requests 5)
expect(1 "taken.safetensors" serve_threads taken.safetensors)
expect(2 "--clients" serve_threads ${model} --clients 0)

expect(0 "as they are: .*\naugmented: .* gap " custom_augmentation)
expect(2 "custom_augmentation: --help; it takes no options" custom_augmentation --help)
expect(0 "pair_loss.*: passed.*\ncross-entropy: accuracy .*\npair loss, least expected cost: accuracy .* pair confused" custom_loss)
expect(2 "custom_loss: --help; it takes no options" custom_loss --help)
expect(2 "custom_layer: --help; it takes no options" custom_layer --help)
