// Model files: what they say, and the network that they describe. Once as they are, once with the checksum put right.
#include "hcnn/exchange/model_file.hpp"

#include "fuzz/support/checksum.hpp"

namespace {

using namespace hcnn;

// Peak memory of the network itself: built, and asked for its probe as after loading; 0 where it cannot be built.
std::size_t network_bytes(const exchange::ModelInfo& info) {
  const fuzz::HeapWatch heap;
  try {
    Model<float> model = models::make_network<float>(exchange::network_from_json(info.network, "x"));
    exchange::probe_json(model);
    return heap.peak();
  } catch (const Error&) {
    return heap.peak();
  }
}

void read(fuzz::Bytes bytes) {
  const auto& path = fuzz::in_memory(bytes);
  const auto info = fuzz::checked(fuzz::allowed(bytes.size() + bytes.size() / 2),
                                  [&] { return exchange::model_info(io::read_safetensors(path), "x.safetensors"); });
  // What is refused before a network is built is refused within the same bytes, and so small a file describes no
  // network larger than this.
  const std::size_t small = fuzz::allowed(2 * bytes.size()) + (std::size_t{24} << 20);
  const auto loaded = fuzz::checked(small + 64 * bytes.size(), [&] { return exchange::load_model<float>(path); });
  if (!loaded) return;
  fuzz::claim(info.has_value(), "a model is loaded whose description is refused");
  fuzz::checked(fuzz::allowed(4 * bytes.size()) + network_bytes(*info),
                [&] { return exchange::load_model<float>(path); });
  const auto again = fuzz::scratch("again.safetensors");
  auto& model = const_cast<Model<float>&>(loaded->model);
  fuzz::must("a model that was loaded cannot be saved", [&] {
    exchange::save_model(again, model, loaded->info);
    return 0;
  });
  if (loaded->has_non_finite) return;  // its probe proves nothing
  const auto copy =
      fuzz::must("a model that was saved cannot be loaded", [&] { return exchange::load_model<float>(again); });
  const auto input = exchange::probe_input<float>(model.input_shape());
  const auto logits = model.infer(input.view()), others = copy.model.infer(input.view());
  for (const auto& [head, values] : logits)
    fuzz::claim(
        std::memcmp(values.begin(), others[head].begin(), static_cast<std::size_t>(values.size()) * sizeof(float)) == 0,
        "a model that was saved comes back with other logits");
}

void run_model_file(fuzz::Bytes bytes) {
  read(bytes);
  read(fuzz::with_right_checksum(bytes));
}

const fuzz::Registration model_file_target("model_file", run_model_file);

}  // namespace
