#pragma once

#include "actors/connection/http_types.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace roost::connection {

/// One file of the web UI, in memory for the whole run.
struct asset {
  std::string_view path;   ///< from the root, with the leading slash: `/assets/index-CrwV1OSJ.js`
  std::string_view type;   ///< Content-Type
  std::string_view digest; ///< of the content; hexadecimal
  std::string_view body;
  std::string_view gzip; ///< the same, compressed; empty where that does not pay
};

/// The files that the build has put into this program (cmake/embed_web.cmake); empty when the web
/// UI was not built.
std::span<const asset> embedded_assets();

/// Serves the web UI. Immutable, so safe on any thread. Without files it serves one page that says
/// how to build the UI, since somebody who opens the URL must not face a bare 404.
class static_assets {
public:
  explicit static_assets(std::span<const asset> files);

  /// The answer to a request outside the API: the file (`/` is `/index.html`), 304, a 404 page, or
  /// 405 for anything but GET. Files under `/assets/` have their hash in their name and never
  /// change; the others are checked again with every load.
  [[nodiscard]] http_response serve(const http_request& request) const;

private:
  [[nodiscard]] const asset* find(std::string_view path) const;

  std::vector<asset> files_; ///< sorted by path
};

/// Whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3): named and not with `q=0`.
bool accepts_gzip(std::string_view accept_encoding);

} // namespace roost::connection
