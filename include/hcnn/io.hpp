// Umbrella header: model files, pictures, tables and other file formats. Needs JSON, stb, zlib, libpng and libjpeg.
#pragma once

#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/checksum.hpp"
#include "hcnn/io/csv.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/io/image_limits.hpp"
#include "hcnn/io/image_reader.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/jpeg_reader.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/io/png_reader.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/io/safetensors.hpp"
#include "hcnn/io/safetensors_format.hpp"
#include "hcnn/io/safetensors_header.hpp"
#include "hcnn/io/safetensors_writer.hpp"
