// Umbrella header: run folders with config, history, checkpoints and report. Needs what hcnn/io.hpp needs.
#pragma once
