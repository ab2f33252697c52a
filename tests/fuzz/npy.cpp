// NumPy's .npy files: what is read is written and read again.
#include "hcnn/io/npy.hpp"

#include <cstring>

#include "fuzz/support/target.hpp"

namespace {

void run_npy(fuzz::Bytes bytes) {
  using namespace hcnn;
  const auto& path = fuzz::in_memory(bytes);
  const auto array = fuzz::checked(fuzz::allowed(bytes.size()), [&] { return io::read_npy(path); });
  if (!array) return;
  const std::size_t value_bytes = io::npy_value_bytes(array->dtype);
  const std::size_t size = fuzz::product(array->dims, value_bytes);
  fuzz::claim(value_bytes > 0 && size == array->size * value_bytes && size <= bytes.size(), "extents of another size");

  const std::size_t before = bytes[6] == 1 ? 10 : 12;  // magic, version, length of the header: 64 KiB at most
  const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(bytes[at])}; };
  const std::size_t header = byte(8) + (byte(9) << 8) + (before == 12 ? byte(10) << 16 : 0);
  fuzz::claim(before + header + size == bytes.size(), "bytes that belong to nothing");

  io::with_npy_type(array->dtype, [&]<class V>(V) {
    const auto again = fuzz::scratch("again.npy");
    const std::span<const V> view(reinterpret_cast<const V*>(array->data.get()), array->size);
    fuzz::must("an array that was read cannot be written", [&] { io::write_npy<V>(again, view, array->dims); });
    const auto copy = fuzz::must("an array that was written cannot be read", [&] { return io::read_npy(again); });
    const bool same = copy.dims == array->dims && copy.size == array->size &&
                      std::memcmp(copy.data.get(), array->data.get(), array->size * value_bytes) == 0;
    fuzz::claim(same, "an array that was written comes back as another one");
  });
  // a batch takes four bytes for one where bytes become float
  fuzz::checked(6 * bytes.size() + (1 << 20), [&] { return io::load_npy<float>(path); });
}

const fuzz::Registration npy_target("npy", run_npy);

}  // namespace
