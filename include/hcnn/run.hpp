// Umbrella header: run folders with config, history, checkpoints and report. Needs what hcnn/io.hpp needs.
#pragma once

#include "hcnn/run/checkpoint.hpp"
#include "hcnn/run/compare.hpp"
#include "hcnn/run/comparison_page.hpp"
#include "hcnn/run/confused_pairs.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/folder_lock.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/learning_rates.hpp"
#include "hcnn/run/report.hpp"
#include "hcnn/run/report_data.hpp"
#include "hcnn/run/report_sections.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/run/run_summary.hpp"
#include "hcnn/run/snapshot_file.hpp"
#include "hcnn/run/steps_file.hpp"
