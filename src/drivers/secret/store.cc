#include "drivers/secret/store.h"

#include <unistd.h>

#include "base/base64.h"
#include "io/files.h"
#include "xml/mapper.h"

namespace virtue::secret {
namespace {

/// What a client sends has 4 MiB at most (REMOTE_STRING_MAX), and is written with more letters.
constexpr size_t largest_definition = 32 << 20;
constexpr size_t largest_value = 128 << 10;  // 64 KiB in base64

}  // namespace

std::string Store::path(const Uuid& uuid, const char* extension) const {
    return folder_ + "/" + uuid.to_string() + extension;
}

std::vector<Store::Found> Store::load() const {
    io::remove_leftovers(folder_);
    std::vector<Found> all;
    for (const std::string& file : io::list_folder(folder_)) {
        if (!file.ends_with(".xml")) continue;
        Found found;
        try {
            found.secret = model::Secret::parse(io::read_file(folder_ + "/" + file, largest_definition));
            if (found.secret.uuid->to_string() + ".xml" != file)
                fail(ErrorCode::internal_error, ErrorDomain::secret, "<uuid> does not match secret file name '{}'",
                     file);
            std::string value = path(*found.secret.uuid, ".base64");
            if (::access(value.c_str(), F_OK) == 0) {
                found.value = from_base64(io::read_file(value, largest_value));
                if (!found.value) found.problem = value + " is no base64: the secret has no value";
            }
        } catch (const Error& error) {
            found = {};
            found.problem = folder_ + "/" + file + ": " + error.message();
        }
        all.push_back(std::move(found));
    }
    return all;
}

void Store::save(const model::Secret& secret) const {
    io::make_folders(folder_, 0700);
    io::write_file_atomically(path(*secret.uuid, ".xml"), xml::format(secret), 0600);
}

void Store::save_value(const Uuid& uuid, const std::string& value) const {
    io::make_folders(folder_, 0700);
    io::write_file_atomically(path(uuid, ".base64"), to_base64(value), 0600);
}

void Store::remove(const Uuid& uuid) const {
    // The value first: nothing may be left of it when the secret is gone.
    io::remove_file(path(uuid, ".base64"));
    io::remove_file(path(uuid, ".xml"));
}

}  // namespace virtue::secret
