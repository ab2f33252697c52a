// The second of two translation units that include every umbrella header.
#include <hcnn/hcnn.hpp>
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>
#include <hcnn/testing.hpp>

int second_unit_threads();

int second_unit_threads() { return hcnn::thread_count(); }
