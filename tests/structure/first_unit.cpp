// Includes every umbrella header, as second_unit.cpp does: the program links only if nothing is defined twice.
#include <hcnn/hcnn.hpp>
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>
#include <hcnn/testing.hpp>

int second_unit_threads();

int main() { return hcnn::thread_count() == second_unit_threads() ? 0 : 1; }
