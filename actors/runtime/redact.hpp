#pragma once

#include <string>
#include <string_view>

namespace roost {

/// Whether a log field of this name may only ever be shown as "[redacted]" (token, cookie,
/// authorization, password, …, also as the last word of a longer name).
bool is_secret_name(std::string_view name);

/// `text` without the credentials that can hide in it: what follows `token=`, `password=`, `Bearer
/// ` or `Basic `, and the password of a URL. The last line of defence; callers do not log secrets.
std::string redact(std::string_view text);

} // namespace roost
