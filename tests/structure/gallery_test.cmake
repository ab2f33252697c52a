# The programs that people copy, on small data: each runs, says what its header promises, and refuses bad input.
# cmake -DPROGRAMS=build/release/examples -DPYTHON=python3 -DWORK=scratch -P gallery_test.cmake
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

# The command is in the file before, and not after; the smaller file gives nearly the same answers, and bfloat16 as
# float exactly the same.
expect(0 "small.safetensors: [0-9]+ bytes of [0-9]+" convert_model ${model} small.safetensors --without-paths)
expect(1 "small.safetensors: it exists" convert_model ${model} small.safetensors)
expect(0 "wide.safetensors: [0-9]+ bytes" convert_model small.safetensors wide.safetensors --weights fp32)
execute_process(COMMAND "${PYTHON}" -c "import json, struct, sys
def header(path):
    with open(path, 'rb') as file:
        return json.loads(file.read(struct.unpack('<Q', file.read(8))[0]))
base, small, wide = (header(path) for path in sys.argv[1:])
notes = [json.loads(each['__metadata__']['hcnn.notes'])['config'] for each in (base, small, wide)]
assert {'command', 'weights', 'trunk'} <= notes[0].keys() and notes[1] == notes[2], notes
assert not {'command', 'data_folder', 'weights', 'trunk'} & notes[1].keys() and notes[1]['epochs'] == notes[0]['epochs'], notes[1]
logits = [json.loads(each['__metadata__']['hcnn.probe'])['logits']['fine'] for each in (base, small, wide)]
apart = [max(abs(a - b) for a, b in zip(logits[0], other)) / max(map(abs, logits[0])) for other in logits]
assert 0 < apart[1] < 0.1 and logits[1] == logits[2], apart  # the probe's bound for bfloat16
types = [each['trunk.5.weight']['dtype'] for each in (base, small, wide)]
assert types == ['F32', 'BF16', 'F32'] and small['trunk.5.bias']['dtype'] == 'F32', types"
                ${model} small.safetensors wide.safetensors WORKING_DIRECTORY "${WORK}" COMMAND_ERROR_IS_FATAL ANY)
foreach(name IN ITEMS base/last small)
  file(SIZE "${WORK}/${name}.safetensors" bytes)
  list(APPEND sizes ${bytes})
endforeach()
list(GET sizes 0 whole)
list(GET sizes 1 half)
math(EXPR most "${whole} * 6 / 10")
if(half GREATER most)
  message(FATAL_ERROR "small.safetensors has ${half} of ${whole} bytes")
endif()
expect(0 "small.safetensors: [0-9]+ bytes" convert_model ${model} small.safetensors --without-paths --force)

expect(0 "^2 workers, 3 clients: [0-9]+ requests/s, latency .* 0 answers differ" serve_threads ${model} --workers 2
       --clients 3 --requests 50)
expect(0 "^1 workers, 1 clients" serve_threads tuned.safetensors --workers 1 --clients 1 --requests 5)
expect(1 "taken.safetensors" serve_threads taken.safetensors)
expect(2 "--clients" serve_threads ${model} --clients 0)

# Two grey pictures, one of them dark, as numpy would save them.
execute_process(COMMAND "${PYTHON}" -c "import struct
header = str({'descr': '<f4', 'fortran_order': False, 'shape': (2, 32, 32, 3)}).ljust(117) + chr(10)
data = b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(header)) + header.encode()
open('pictures.npy', 'wb').write(data + struct.pack('<f', 0.1) * 3072 + struct.pack('<f', 0.5) * 3072)"
                WORKING_DIRECTORY "${WORK}" COMMAND_ERROR_IS_FATAL ANY)
expect(0 "^0: fine = .* superclass = .* group = .*\n1: fine = .*\n[0-9.]+ ms per picture, peak memory [0-9]+ MiB"
       embedded_inference ${model} pictures.npy)
expect(1 "taken.safetensors" embedded_inference taken.safetensors pictures.npy)
expect(1 "no.npy" embedded_inference ${model} no.npy)
expect(2 "usage" embedded_inference ${model})

expect(0 "as they are: .*\naugmented: .* gap " custom_augmentation)
expect(2 "custom_augmentation: --help; it takes no options" custom_augmentation --help)
expect(0 "pair_loss.*: passed.*\ncross-entropy: accuracy .*\npair loss, least expected cost: accuracy .* pair confused" custom_loss)
expect(2 "custom_loss: --help; it takes no options" custom_loss --help)
expect(2 "custom_layer: --help; it takes no options" custom_layer --help)
