#include "actors/terminal/size_policy.hpp"

#include <algorithm>
#include <cassert>

namespace roost::terminal {

size_policy::size_policy(terminal_size initial, size_policy_kind rule)
    : size_(initial), rule_(rule) {
  assert(initial.is_valid());
}

size_outcome size_policy::attach(viewer_key id, viewer_mode mode, terminal_size window,
                                 hold wanted) {
  const auto old_size = size_;
  const auto old_holder = holder_;
  auto* known = find(id);
  if (known == nullptr) {
    viewers_.push_back({});
    known = &viewers_.back();
  }
  *known = {id, mode, window, ++activity_};
  if (mode == viewer_mode::control && (wanted == hold::take || !holder_))
    holder_ = id;
  else if (mode == viewer_mode::view && holder_ == id)
    holder_.reset(); // joined again, only to watch: settle() finds the next holder
  return settle(old_size, old_holder, apply::if_new);
}

size_outcome size_policy::detach(viewer_key id) {
  const auto old_size = size_;
  const auto old_holder = holder_;
  if (std::erase_if(viewers_, [id](const viewer& v) { return v.id == id; }) == 0)
    return unchanged();
  if (holder_ == id)
    holder_.reset();
  return settle(old_size, old_holder, apply::if_new);
}

size_outcome size_policy::resize(viewer_key id, terminal_size window) {
  auto* known = find(id);
  if (known == nullptr || known->window == window)
    return unchanged();
  known->window = window;
  return settle(size_, holder_, apply::if_new);
}

size_outcome size_policy::typed(viewer_key id) {
  auto* known = find(id);
  if (known == nullptr || known->mode != viewer_mode::control)
    return unchanged();
  known->activity = ++activity_;
  if (rule_ != size_policy_kind::latest || holder_ == id)
    return unchanged();
  const auto old_holder = holder_;
  holder_ = id;
  return settle(size_, old_holder, apply::if_new);
}

size_outcome size_policy::take_control(viewer_key id) {
  auto* known = find(id);
  if (known == nullptr)
    return unchanged();
  const auto old_holder = holder_;
  known->mode = viewer_mode::control;
  known->activity = ++activity_;
  holder_ = id;
  return settle(size_, old_holder, apply::always);
}

size_outcome size_policy::resize_explicitly(terminal_size size) {
  assert(size.is_valid());
  const bool is_new = size != size_;
  size_ = size;
  return {size_, holder_, is_new, false};
}

size_outcome size_policy::set_rule(size_policy_kind rule) {
  if (rule_ == rule)
    return unchanged();
  rule_ = rule;
  return settle(size_, holder_, apply::always);
}

std::optional<viewer_mode> size_policy::mode(viewer_key id) const {
  const auto known = std::ranges::find(viewers_, id, &viewer::id);
  if (known == viewers_.end())
    return std::nullopt;
  return known->mode;
}

size_policy::viewer* size_policy::find(viewer_key id) {
  const auto known = std::ranges::find(viewers_, id, &viewer::id);
  return known == viewers_.end() ? nullptr : &*known;
}

size_policy::verdict size_policy::weigh() const {
  verdict out;
  if (rule_ == size_policy_kind::manual)
    return out;
  for (const auto& v : viewers_) {
    if (v.mode != viewer_mode::control || !v.window.is_valid())
      continue;
    if (rule_ == size_policy_kind::latest) {
      if (holder_ == v.id)
        out = {v.id, v.window};
      continue;
    }
    if (!out.size) {
      out.size = v.window;
    } else if (rule_ == size_policy_kind::smallest) {
      out.size->cols = std::min(out.size->cols, v.window.cols);
      out.size->rows = std::min(out.size->rows, v.window.rows);
    } else {
      out.size->cols = std::max(out.size->cols, v.window.cols);
      out.size->rows = std::max(out.size->rows, v.window.rows);
    }
  }
  return out;
}

size_outcome size_policy::settle(terminal_size old_size, std::optional<viewer_key> old_holder,
                                 apply how) {
  if (!holder_) {
    const viewer* next = nullptr;
    for (const auto& v : viewers_)
      if (v.mode == viewer_mode::control && (next == nullptr || v.activity > next->activity))
        next = &v;
    if (next != nullptr)
      holder_ = next->id;
  }
  auto now = weigh();
  // Without a verdict (everybody left, or a hidden tab holds) the last one stays remembered: the
  // same viewer coming back with the same size must not undo an explicit resize.
  if (now.size) {
    if (how == apply::always || now != last_)
      size_ = *now.size;
    last_ = now;
  }
  return {size_, holder_, size_ != old_size, holder_ != old_holder};
}

} // namespace roost::terminal
