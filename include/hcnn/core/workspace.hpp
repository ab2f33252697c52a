// Memory of one pass: a stack of arrays that reaches its final size in the first step and is reused ever after.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/tensor.hpp"

namespace hcnn {

/// Stack of temporary arrays. `take` hands out memory from the top, `rewind` gives it back down to a mark. The first
/// pass finds out how much is needed; later passes allocate nothing. One workspace serves one thread at a time.
class Workspace {
 public:
  /// A height of the stack, bytes.
  using Mark = std::size_t;

  /// Uninitialised, 64-byte aligned room for `size` values. Throws as `AlignedBuffer::reserve`.
  template <class T>
  T* take(Index size) {
    return reinterpret_cast<T*>(take_bytes(std::max(padded_bytes<T>(size), kAlignment)));
  }
  /// Uninitialised batch of `count` samples.
  template <class T>
  TensorView<T> tensor(Index count, const Shape& shape) {
    return {take<T>(count * shape.size()), count, shape};
  }

  /// The present height of the stack, for `rewind`.
  Mark mark() const { return used_; }
  /// Frees everything taken since the mark. Back at 0, memory in pieces is joined into one block of the largest size
  /// ever needed.
  void rewind(Mark mark) {
    used_ = mark;
    if (mark == 0 && blocks_.size() > 1) {
      blocks_.clear();
      try {
        add_block(peak_);
      } catch (const std::bad_alloc&) {  // the next `take` will try again; destructors call this
      }
    }
  }
  /// Frees everything: `rewind(0)`.
  void reset() { rewind(0); }
  /// Gives all memory back to the system.
  void release() {
    used_ = 0;
    blocks_.clear();
  }

  /// Most bytes ever in use at once.
  std::size_t peak_bytes() const { return peak_; }

 private:
  struct Block {
    std::size_t begin;  // offset of its first byte in the stack
    std::size_t size;
    AlignedBuffer<std::byte> memory;
  };

  std::byte* take_bytes(std::size_t bytes) {
    for (Block& block : blocks_) {
      const std::size_t start = std::max(used_, block.begin);
      if (start + bytes > block.begin + block.size) continue;
      used_ = start + bytes;
      peak_ = std::max(peak_, used_);
      return block.memory.data() + (start - block.begin);
    }
    add_block(std::max(bytes, std::size_t{1} << 20));
    return take_bytes(bytes);
  }

  void add_block(std::size_t bytes) {
    const std::size_t begin = blocks_.empty() ? 0 : std::max(used_, blocks_.back().begin + blocks_.back().size);
    blocks_.push_back({begin, bytes, AlignedBuffer<std::byte>(static_cast<Index>(bytes))});
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;
  std::size_t peak_ = 0;
};

/// Gives back, at the end of a scope, all that was taken from a workspace inside it.
class WorkspaceScope {
 public:
  /// Marks the workspace, which must outlive the scope.
  explicit WorkspaceScope(Workspace& workspace) : workspace_(workspace), mark_(workspace.mark()) {}
  /// Rewinds it.
  ~WorkspaceScope() { workspace_.rewind(mark_); }
  WorkspaceScope(const WorkspaceScope&) = delete;
  WorkspaceScope& operator=(const WorkspaceScope&) = delete;

 private:
  Workspace& workspace_;
  Workspace::Mark mark_;
};

/// Scratch memory of the calling thread, for kernels: lives as long as the thread, is reused by every call.
inline Workspace& thread_scratch() {
  thread_local Workspace workspace;
  return workspace;
}

}  // namespace hcnn
