// safetensors files: what is read is written and read again, and its arrays convert.
#include "hcnn/io/safetensors.hpp"

#include <cstring>

#include "fuzz/support/target.hpp"
#include "hcnn/io/safetensors_writer.hpp"

namespace {

using namespace hcnn;

void claim_same(const io::SafetensorsFile& file, const io::SafetensorsFile& copy) {
  fuzz::claim(copy.metadata == file.metadata && copy.tensors.size() == file.tensors.size() && copy.checksummed,
              "a file that was written comes back with other entries");
  for (const io::TensorEntry& tensor : file.tensors) {
    const io::TensorEntry* twin = copy.find(tensor.name);
    const bool same =
        twin && twin->dtype == tensor.dtype && twin->dims == tensor.dims && twin->data.size() == tensor.data.size() &&
        (tensor.data.empty() || std::memcmp(twin->data.data(), tensor.data.data(), tensor.data.size()) == 0);
    fuzz::claim(same, "an array that was written comes back as another one");
  }
}

void run_safetensors(fuzz::Bytes bytes) {
  const auto& path = fuzz::in_memory(bytes);
  const auto file = fuzz::checked(fuzz::allowed(bytes.size()), [&] { return io::read_safetensors(path); });
  if (!file) return;
  std::vector<io::TensorToWrite> tensors;
  std::size_t payload = 0;
  for (const io::TensorEntry& tensor : file->tensors) {
    const bool astray =
        tensor.name.empty() || tensor.name.front() == '/' || tensor.name.find("..") != std::string::npos;
    fuzz::claim(!astray && io::is_tensor_name(tensor.name), "a name that no array may have");
    fuzz::claim(fuzz::product(tensor.dims, io::dtype_bytes(tensor.dtype)) == tensor.data.size(),
                "extents of another size than the bytes");
    fuzz::claim(tensor.data.data() == file->payload.get() + payload, "arrays that do not follow one another");
    payload += tensor.data.size();
    tensors.push_back({tensor.name, tensor.dtype, tensor.dims, tensor.data});
    std::vector<float> values(static_cast<std::size_t>(tensor.size()));
    fuzz::must("an array that was read does not convert", [&] { io::copy_values<float>(tensor, values); });
  }
  fuzz::claim(payload + 10 <= bytes.size(), "more bytes of arrays than the file has");
  if (file->metadata.contains(std::string(io::kChecksumKey))) return;  // the writer has one of its own
  const auto again = fuzz::scratch("again.safetensors");
  fuzz::must("a file that was read cannot be written",
             [&] { io::write_safetensors(again, std::move(tensors), file->metadata); });
  claim_same(*file, fuzz::must("a file that was written cannot be read", [&] { return io::read_safetensors(again); }));
}

const fuzz::Registration safetensors_target("safetensors", run_safetensors);

}  // namespace
