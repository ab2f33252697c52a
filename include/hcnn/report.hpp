// Umbrella header: plots and HTML pages of numbers. Needs what hcnn/io.hpp needs.
#pragma once

#include "hcnn/report/axis.hpp"
#include "hcnn/report/bars.hpp"
#include "hcnn/report/canvas.hpp"
#include "hcnn/report/comparison.hpp"
#include "hcnn/report/confusion_plot.hpp"
#include "hcnn/report/html.hpp"
#include "hcnn/report/markup.hpp"
#include "hcnn/report/plot.hpp"
#include "hcnn/report/point_panels.hpp"
#include "hcnn/report/scatter.hpp"
#include "hcnn/report/share.hpp"
#include "hcnn/report/stroke_font.hpp"
