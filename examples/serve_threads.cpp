// A server loop: worker threads share one Predictor and answer requests from a queue; client threads send one
// request after another and wait. Prints latency and throughput, and compares every answer with one thread's.
//
// Run:    build/release/examples/serve_threads runs/train_multihead-001/last.safetensors --workers 2 --clients 8
//         options: --workers, --clients, --requests; see --help
// Needs:  a model file of a training program. The requests are built-in images, or noise if the network's input has
//         another shape.
// Takes:  about 2 seconds on 2 cores.
// Expect: throughput that grows with the workers up to the number of cores, and no answer that differs. With more
//         clients than workers requests wait; the latency includes this.
#include <hcnn/io.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "examples/common/model_files.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model;
  int workers = 0, clients = 4;
  Index requests = 2000;
};

// Worker threads that share a queue and a network. Copy this class.
class Server {
 public:
  Server(const Predictor<float>& predictor, int workers) : predictor_(predictor) {
    for (int w = 0; w < workers; ++w) workers_.emplace_back([this] { work(); });
  }
  // Answers the waiting requests, then ends.
  ~Server() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A future for the class of an image; callable from any thread. The image must live until the answer.
  std::future<Label> ask(const Tensor<float>& image) {
    Request request{&image, {}};
    std::future<Label> answer = request.answer.get_future();
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(request));
    }
    changed_.notify_one();
    return answer;
  }

 private:
  struct Request {
    const Tensor<float>* image;
    std::promise<Label> answer;
  };

  // Loop of a worker. `logits` is reused, so that after the first request the network allocates nothing.
  void work() {
    const std::string& head = predictor_.heads().name(0);
    Logits<float> logits;
    while (std::optional<Request> request = next()) {
      try {
        predictor_.logits(*request->image, logits);
        request->answer.set_value(argmax(row(logits[head], 0)));
      } catch (...) {
        request->answer.set_exception(std::current_exception());  // rethrown in the client
      }
    }
  }
  // The oldest request, or nothing if the server is closed and none is left.
  std::optional<Request> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty() || closed_; });
    if (waiting_.empty()) return std::nullopt;
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    return request;
  }

  const Predictor<float>& predictor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> waiting_;
  bool closed_ = false;
  std::vector<std::thread> workers_;
};

std::vector<Tensor<float>> make_images(const Shape& shape, const data::Normalization& normalization) {
  const data::Dataset drawn = data::synthetic({.samples = 100});
  std::vector<Tensor<float>> images;
  for (Index i = 0; i < drawn.size(); ++i) {
    Tensor<float>& image = images.emplace_back(1, shape);
    RandomStream random(Seed{1}, hash_name("noise"), 0, static_cast<std::uint64_t>(i));
    if (shape == drawn.shape())
      drawn.copy_image(i, image.data());
    else
      for (float& value : image) value = static_cast<float>(random.uniform());
    normalization.apply(image.data(), shape);
  }
  return images;
}

// Measurements of the clients.
struct Seen {
  std::vector<double> milliseconds;  // of each request, from sending it to its answer
  Index wrong = 0;
};

// A client: sends requests [first, last), one after another.
Seen send(Server& server, const std::vector<Tensor<float>>& images, const std::vector<Label>& expected, Index first,
          Index last) {
  Seen seen;
  for (Index i = first; i < last; ++i) {
    const std::size_t at = static_cast<std::size_t>(i) % images.size();
    const auto sent = Clock::now();
    seen.wrong += server.ask(images[at]).get() != expected[at];
    seen.milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
  }
  return seen;
}

// Runs all clients at once.
Seen send_all(Server& server, const Options& options, const std::vector<Tensor<float>>& images,
              const std::vector<Label>& expected) {
  std::vector<std::future<Seen>> clients;
  for (int c = 0; c < options.clients; ++c)
    clients.push_back(std::async(std::launch::async, [&, c] {
      return send(server, images, expected, options.requests * c / options.clients,
                  options.requests * (c + 1) / options.clients);
    }));
  Seen all;
  for (auto& client : clients) {
    const Seen seen = client.get();
    all.wrong += seen.wrong;
    all.milliseconds.insert(all.milliseconds.end(), seen.milliseconds.begin(), seen.milliseconds.end());
  }
  std::sort(all.milliseconds.begin(), all.milliseconds.end());
  return all;
}

int serve(const Options& options) {
  auto [model, info, has_non_finite] = examples::load_trained<float>(options.model);
  const std::vector<Tensor<float>> images = make_images(model.input_shape(), info.normalization);
  const Predictor<float> predictor{std::move(model), {.threads = 1}};  // the workers are the threads
  std::vector<Label> expected;
  for (const Tensor<float>& image : images)
    expected.push_back(argmax(row(predictor.logits(image, predictor.heads().name(0)), 0)));

  const int cores = static_cast<int>(std::thread::hardware_concurrency());  // 0: unknown
  const int workers = options.workers > 0 ? options.workers : std::max(cores, 1);
  Server server(predictor, workers);
  const auto begin = Clock::now();
  const Seen all = send_all(server, options, images, expected);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();

  const auto percentile = [&](std::size_t share) {
    return decimal(all.milliseconds[(all.milliseconds.size() - 1) * share / 100], 2);
  };
  std::cout << workers << " workers, " << options.clients
            << " clients: " << decimal(static_cast<double>(options.requests) / seconds, 0) << " requests/s, latency "
            << percentile(50) << " ms (median), " << percentile(99) << " ms (99th percentile); " << all.wrong
            << " answers differ from one thread's" << std::endl;
  return all.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Answers requests from several threads with one network, and measures it", "serve_threads"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("--workers", options.workers, "threads that answer requests; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--clients", options.clients, "threads that send requests, one at a time each")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--requests", options.requests, "total number of requests")
      ->check(CLI::Range(Index{1}, Index{100000000}))
      ->capture_default_str();
  return examples::run_program(app, argc, argv, [&] { return serve(options); });
}
