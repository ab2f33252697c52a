// Model files as the programs take them and write them.
#pragma once

#include <filesystem>
#include <hcnn/io.hpp>

namespace examples {

using namespace hcnn;

/// The network of a model file with all that the file says. Throws FormatError, or NumericError where a weight is NaN
/// or infinite.
template <class T>
exchange::LoadedModel<T> load_trained(const std::filesystem::path& path) {
  exchange::LoadedModel<T> loaded = exchange::load_model<T>(path);
  if (loaded.has_non_finite)
    fail<NumericError>(io::printable_path(path), "a weight is NaN or infinite", "a trained model is needed");
  return loaded;
}

/// Throws OptionError where `out` is the file that is read, or is there already and `force` was not given.
inline void require_new_file(const std::filesystem::path& out, const std::filesystem::path& read, bool force) {
  std::error_code none;
  if (std::filesystem::equivalent(read, out, none))
    fail<OptionError>(io::printable_path(out), "the model file itself", "another file is needed");
  if (std::filesystem::exists(std::filesystem::symlink_status(out)) && !force)
    fail<OptionError>(io::printable_path(out), "it exists", "nothing is overwritten without --force");
}

}  // namespace examples
