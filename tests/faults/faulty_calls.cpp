// Preloaded (LD_PRELOAD) into a program, it counts, records and spoils the system calls on the files of one folder.
//
//   HCNN_FAULT_FOLDER   the folder; calls on it and on what lies in it count, from 1
//   HCNN_FAULT_LOG      file that gets a line for each of these calls: number, name, path, new path of a rename
//   HCNN_FAULT          "KIND:NUMBER": what happens to that call
//                         eio, enospc   it fails so and does nothing (a close does close)
//                         short         a write or read does half of its bytes, which is no error
//                         kill          the program is killed before it
//                         full          the disk is full from this call on: it writes half of its bytes, later writes
//                                       and new files and folders fail
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

namespace {

/// What the environment asks for, and the paths of open files. Never destroyed: files are closed until the very end.
struct Watch {
  std::string folder, kind;
  long spoiled = 0;  // number of the call; 0: none
  int log = -1;
  long calls = 0;
  std::array<std::string, 1024> paths;
  std::recursive_mutex mutex;

  Watch() {
    const auto text = [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    };
    folder = text("HCNN_FAULT_FOLDER");
    const std::string fault = text("HCNN_FAULT"), path = text("HCNN_FAULT_LOG");
    if (const auto colon = fault.find(':'); colon != std::string::npos) {
      kind = fault.substr(0, colon);
      spoiled = std::atol(fault.c_str() + colon + 1);
    }
    if (!path.empty())
      log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666));
  }

  bool watches(const std::string& path) const {
    return !folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
  }
  std::string& path_of(int descriptor) {
    static std::string none;
    none.clear();
    return descriptor < 0 || descriptor >= static_cast<int>(paths.size()) ? none
                                                                          : paths[static_cast<std::size_t>(descriptor)];
  }
};

Watch& watch() {
  static Watch& only = *new Watch;
  return only;
}

enum class Verdict { pass, fail, half };

/// Counts and records a call; what is to happen to it. On `fail` errno is set.
/// @param grows the call needs space on the disk
Verdict judge(const char* call, const std::string& path, const std::string& second, bool halves, bool grows) {
  Watch& all = watch();
  if (!all.watches(path)) return Verdict::pass;
  ++all.calls;
  if (all.log >= 0) {
    const std::string line =
        std::to_string(all.calls) + ' ' + call + ' ' + path + (second.empty() ? "" : ' ' + second) + '\n';
    if (::syscall(SYS_write, all.log, line.data(), line.size()) < 0) std::abort();
  }
  if (all.spoiled == 0 || all.calls < all.spoiled) return Verdict::pass;
  const bool first = all.calls == all.spoiled;
  if (all.kind == "full" && grows) {
    if (first && halves) return Verdict::half;
    errno = ENOSPC;
    return Verdict::fail;
  }
  if (!first || all.kind == "full") return Verdict::pass;
  if (all.kind == "kill") ::kill(::getpid(), SIGKILL);
  if (all.kind == "short") return halves ? Verdict::half : Verdict::pass;
  errno = all.kind == "enospc" ? ENOSPC : EIO;
  return Verdict::fail;
}

Verdict judge_descriptor(const char* call, int descriptor, bool halves = false, bool grows = false) {
  return judge(call, watch().path_of(descriptor), "", halves, grows);
}

/// The function of this name that the program would call without this library.
template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Lock = std::scoped_lock<std::recursive_mutex>;

template <class Open>
int watched_open(const char* path, int flags, const Open& open) {
  const Lock lock(watch().mutex);
  if (judge("open", path, "", false, (flags & O_CREAT) != 0) == Verdict::fail) return -1;
  const int descriptor = open();
  if (descriptor >= 0) watch().path_of(descriptor) = path;
  return descriptor;
}

mode_t mode_of(int flags, va_list arguments) { return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0; }

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return watched_open(path, flags, [&] { return original<int(const char*, int, ...)>("open")(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return watched_open(path, flags, [&] { return original<int(const char*, int, ...)>("open64")(path, flags, mode); });
}

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  const Lock lock(watch().mutex);
  const Verdict verdict = judge_descriptor("write", descriptor, count > 1, true);
  if (verdict == Verdict::fail) return -1;
  return original<ssize_t(int, const void*, std::size_t)>("write")(descriptor, bytes,
                                                                   verdict == Verdict::half ? count / 2 : count);
}

ssize_t read(int descriptor, void* bytes, std::size_t count) {
  const Lock lock(watch().mutex);
  const Verdict verdict = judge_descriptor("read", descriptor, count > 1);
  if (verdict == Verdict::fail) return -1;
  return original<ssize_t(int, void*, std::size_t)>("read")(descriptor, bytes,
                                                            verdict == Verdict::half ? count / 2 : count);
}

int fsync(int descriptor) {
  const Lock lock(watch().mutex);
  if (judge_descriptor("fsync", descriptor) == Verdict::fail) return -1;
  return original<int(int)>("fsync")(descriptor);
}

int close(int descriptor) {
  const Lock lock(watch().mutex);
  const Verdict verdict = judge_descriptor("close", descriptor);
  const int reason = errno;
  watch().path_of(descriptor).clear();
  const int status = original<int(int)>("close")(descriptor);
  if (verdict != Verdict::fail) return status;
  errno = reason;
  return -1;
}

int rename(const char* from, const char* to) {
  const Lock lock(watch().mutex);
  if (judge("rename", from, to, false, false) == Verdict::fail) return -1;
  return original<int(const char*, const char*)>("rename")(from, to);
}

int ftruncate(int descriptor, off_t size) {
  const Lock lock(watch().mutex);
  if (judge_descriptor("ftruncate", descriptor) == Verdict::fail) return -1;
  return original<int(int, off_t)>("ftruncate")(descriptor, size);
}

int mkdir(const char* path, mode_t mode) {
  const Lock lock(watch().mutex);
  if (judge("mkdir", path, "", false, true) == Verdict::fail) return -1;
  return original<int(const char*, mode_t)>("mkdir")(path, mode);
}

int unlink(const char* path) {
  const Lock lock(watch().mutex);
  if (judge("unlink", path, "", false, false) == Verdict::fail) return -1;
  return original<int(const char*)>("unlink")(path);
}

}  // extern "C"
