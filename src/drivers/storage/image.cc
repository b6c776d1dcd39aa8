#include "drivers/storage/image.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "driver/constants.h"
#include "drivers/storage/content.h"
#include "drivers/storage/errors.h"
#include "drivers/storage/new_image.h"
#include "drivers/storage/tool.h"
#include "io/offload.h"

namespace virtue::storage {
namespace {

using model::Volume;

constexpr const char* image_tool = "qemu-img";
constexpr io::Milliseconds longest_clearing{10000};

/// An option's value, with the commas doubled that would end it.
std::string quoted(const std::string& value) {
    std::string result;
    for (char c : value) {
        result += c;
        if (c == ',') result += c;
    }
    return result;
}

/// What qemu-img calls a format.
std::string tool_format(const std::string& format) {
    // What a partition table says of a partition tells nothing of the bytes in it.
    constexpr std::string_view plain[] = {"",      "iso",        "none",      "linux",      "fat16",
                                          "fat32", "linux-swap", "linux-lvm", "linux-raid", "extended"};
    return std::find(std::begin(plain), std::end(plain), format) != std::end(plain) ? "raw" : format;
}

bool is_block(const Volume& volume) {
    return volume.type == model::VolumeType::block;
}

bool is_encrypted(const Volume& volume) {
    return volume.target.encryption.has_value();
}

/// Secrets on their way to qemu-img: each has a name there and a descriptor.
struct Keys {
    std::vector<std::string> arguments;
    std::vector<Fd> descriptors;

    /// Returns the name of the volume's key. Throws xml_error where the volume names none, no_secret.
    std::string add(const Context& context, const Volume& volume) {
        const model::StorageEncryption& encryption = *volume.target.encryption;
        if (encryption.secrets.size() != 1)
            throw Error(ErrorCode::xml_error, here,
                        "A single <secret type='passphrase'...> element is expected in encryption description");
        if (!context.secrets) throw Error(ErrorCode::no_secret, here, "there is no secret driver");
        const model::SecretReference& secret = encryption.secrets.front();
        driver::SecretKey key{secret.uuid, api::secret_usage_type_volume, secret.usage};
        descriptors.push_back(secret_in_memory(context.secrets->value_of(key)));
        const std::string name = fmt::format("key{}", descriptors.size());
        arguments.push_back("--object");
        arguments.push_back(fmt::format("secret,id={},file=/proc/self/fd/{}", name, 2 + descriptors.size()));
        return name;
    }
};

/// "cipher-alg=…,…": how a new LUKS header is made, each option after `prefix`.
void add_cipher(std::vector<std::string>& options, const model::StorageEncryption& encryption, const char* prefix) {
    auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) options.push_back(fmt::format("{}{}={}", prefix, name, quoted(value)));
    };
    if (encryption.cipher) {
        const model::EncryptionCipher& cipher = *encryption.cipher;
        const std::string size = cipher.size ? fmt::format("-{}", *cipher.size) : std::string();
        if (!cipher.name.empty()) add("cipher-alg", cipher.name + size);
        add("cipher-mode", cipher.mode);
        add("hash-alg", cipher.hash);
    }
    add("ivgen-alg", encryption.ivgen_name);
    add("ivgen-hash-alg", encryption.ivgen_hash);
}

/// What stands after -o.
std::string creation_options(const NewVolume& request, const std::string& key) {
    const model::VolumeTarget& target = request.wanted.target;
    std::vector<std::string> options;
    if (target.format == "qcow2") {
        if ((request.flags & api::storage_vol_create_prealloc_metadata) != 0)
            options.push_back(request.wanted.capacity.value_or(0) > request.wanted.allocation.value_or(0)
                                  ? "preallocation=metadata"
                                  : "preallocation=falloc");
        const std::string compat = target.compat.empty() ? "0.10" : target.compat;
        options.push_back("compat=" + quoted(compat));
        if (target.cluster_size != 0) options.push_back(fmt::format("cluster_size={}", target.cluster_size));
        if (target.features && target.features->lazy_refcounts) {
            if (compat == "0.10")
                throw Error(ErrorCode::config_unsupported, here, "lazy_refcounts not supported with compat level 0.10");
            options.push_back("lazy_refcounts=on");
        }
        if (target.features && target.features->extended_l2) {
            if (compat == "0.10")
                throw Error(ErrorCode::config_unsupported, here, "extended_l2 not supported with compat level 0.10");
            options.push_back("extended_l2=on");
        }
        if (target.nocow) options.push_back("nocow=on");
    }
    if (!key.empty()) {
        const char* prefix = target.format == "qcow2" ? "encrypt." : "";
        if (target.format == "qcow2") options.push_back("encrypt.format=luks");
        options.push_back(fmt::format("{}key-secret={}", prefix, key));
        add_cipher(options, *target.encryption, prefix);
    }
    return join(options, ",");
}

/// "driver=luks,key-secret=key1,file.driver=file,file.filename=…" for an image that may be encrypted.
std::string image_options(const Volume& volume, const std::string& path, const std::string& key, bool is_device) {
    const std::string format = tool_format(volume.target.format);
    std::string text = "driver=" + (key.empty() || format != "raw" ? format : std::string("luks"));
    if (!key.empty()) text += (format == "raw" ? ",key-secret=" : ",encrypt.key-secret=") + key;
    return text + ",file.driver=" + (is_device ? "host_device" : "file") + ",file.filename=" + quoted(path);
}

std::string size_argument(const Volume& volume) {
    const uint64_t capacity = volume.capacity.value_or(0);
    return fmt::format("{}K", capacity / 1024 + (capacity % 1024 != 0));
}

std::vector<std::string> backing_arguments(const Volume& volume, const char* option) {
    if (!volume.backing || volume.backing->path.empty()) return {};
    return {option, volume.backing->path, "-F", tool_format(volume.backing->format)};
}

void append(std::vector<std::string>& arguments, std::vector<std::string> more) {
    for (std::string& word : more) arguments.push_back(std::move(word));
}

void check_backing(const NewVolume& request) {
    const Volume& wanted = request.wanted;
    if (!wanted.backing || wanted.backing->path.empty()) return;
    if ((request.flags & api::storage_vol_create_prealloc_metadata) != 0)
        throw Error(ErrorCode::config_unsupported, here, "metadata preallocation conflicts with backing store");
    const std::string& source_backing = request.source && request.source->backing ? request.source->backing->path : "";
    if (!source_backing.empty() && source_backing != wanted.backing->path)
        throw Error(ErrorCode::invalid_arg, here, "a different backing store cannot be specified.");
}

/// Throws if the backing file cannot be read; after check_new_image().
Task<void> require_backing(Context context, const NewVolume& request) {
    const Volume& wanted = request.wanted;
    if (!wanted.backing || wanted.backing->path.empty()) co_return;
    std::string path = wanted.backing->path;
    if (!path.starts_with('/')) path = wanted.target.path.substr(0, wanted.target.path.rfind('/') + 1) + path;
    auto look = [path, shown = wanted.backing->path] {
        if (::access(path.c_str(), R_OK) != 0) refuse_errno(errno, "inaccessible backing store volume {}", shown);
    };
    co_await io::offload(context.lane, std::move(look), context.deadline);
}

/// Where a file is made before it has its name.
struct Draft {
    explicit Draft(const Volume& volume) {
        const std::string& final = volume.target.path;
        const size_t name = final.rfind('/') + 1;
        work = path = final.substr(0, name) + work_name();
        // A vmdk file holds its own name: it comes into being under that, in a folder that goes.
        if (volume.target.format == "vmdk") path = work + "/" + final.substr(name);
    }
    std::string work;  ///< what is removed in the end: the file, or the folder around it
    std::string path;
};

/// The name that the caller knows, in what was said about the work name.
Error with_final_name(const Error& error, const std::string& from, const std::string& to) {
    std::string detail = error.detail();
    for (size_t at = detail.find(from); at != std::string::npos && from != to; at = detail.find(from, at + to.size()))
        detail.replace(at, from.size(), to);
    Error result(error.code(), error.domain(), detail, error.hint());
    result.set_int1(error.int1());
    return result;
}

Task<void> run_create(Context context, const NewVolume& request, std::string path) {
    const Volume& wanted = request.wanted;
    Keys keys;
    const std::string key = is_encrypted(wanted) ? keys.add(context, wanted) : std::string();
    check_new_image(request);
    co_await require_backing(context, request);
    const bool is_luks = !key.empty() && wanted.target.format == "raw";
    std::vector<std::string> arguments = {image_tool, "create", "-q", "-f",
                                          is_luks ? std::string("luks") : wanted.target.format};
    append(arguments, keys.arguments);
    append(arguments, backing_arguments(wanted, "-b"));
    const std::string options = creation_options(request, key);
    if (!options.empty()) append(arguments, {"-o", options});
    arguments.push_back(std::move(path));
    if (wanted.capacity) arguments.push_back(size_argument(wanted));
    co_await run_tool(context, std::move(arguments), std::move(keys.descriptors));
}

/// Copies what the source shows to its guest, decrypted and encrypted as either side needs.
Task<void> run_convert_encrypted(Context context, const NewVolume& request, std::string path, bool is_device) {
    const Volume& source = *request.source;
    Keys keys;
    const std::string source_key = is_encrypted(source) ? keys.add(context, source) : std::string();
    const std::string target_key = is_encrypted(request.wanted) ? keys.add(context, request.wanted) : std::string();
    std::vector<std::string> arguments = {image_tool, "convert", "-q", "--image-opts", "-n", "--target-image-opts"};
    append(arguments, keys.arguments);
    arguments.push_back(image_options(source, source.target.path, source_key, is_block(source)));
    arguments.push_back(image_options(request.wanted, path, target_key, is_device));
    co_await run_tool(context, std::move(arguments), std::move(keys.descriptors));
}

Task<void> run_convert(Context context, const NewVolume& request, std::string path) {
    const Volume& source = *request.source;
    std::vector<std::string> arguments = {image_tool,
                                          "convert",
                                          "-q",
                                          "-f",
                                          tool_format(source.target.format),
                                          "-O",
                                          tool_format(request.wanted.target.format)};
    append(arguments, backing_arguments(request.wanted, "-B"));
    const std::string options = creation_options(request, "");
    if (!options.empty()) append(arguments, {"-o", options});
    append(arguments, {source.target.path, path});
    co_await run_tool(context, std::move(arguments));
    if (request.wanted.capacity.value_or(0) > source.capacity.value_or(0)) {
        std::vector<std::string> grow = {image_tool, "resize", "-q", "-f", tool_format(request.wanted.target.format)};
        append(grow, {path, size_argument(request.wanted)});
        co_await run_tool(context, std::move(grow));
    }
}

/// Fills `path`, which may be a device that is there or a file that is not.
Task<void> fill(Context context, const NewVolume& request, std::string path, bool is_device) {
    const Volume& wanted = request.wanted;
    const bool any_encrypted = is_encrypted(wanted) || (request.source && is_encrypted(*request.source));
    const bool is_plain = wanted.target.format == "raw" || wanted.target.format.empty();
    const bool source_is_plain = request.source && tool_format(request.source->target.format) == "raw";
    if (is_plain && !any_encrypted && (!request.source || source_is_plain)) {
        check_new_image(request);
        RawFile file{path, wanted.capacity.value_or(0), wanted.allocation.value_or(0), wanted.target.nocow, is_device};
        if (request.source) {
            const bool must_share = (request.flags & api::storage_vol_create_reflink) != 0;
            std::string from = request.source->target.path;
            co_await copy_raw(context, std::move(file), std::move(from), must_share);
        } else {
            co_await make_raw(context, std::move(file));
        }
    } else if (!request.source) {
        context.watch(path, wanted.allocation.value_or(0));
        co_await run_create(context, request, path);
    } else if (any_encrypted) {
        context.watch(path, request.source->allocation.value_or(0));
        const bool is_raw = is_plain && !is_encrypted(wanted);
        RawFile file{path, wanted.capacity.value_or(0), 0, wanted.target.nocow, is_device};
        if (is_raw && !is_device) co_await make_raw(context, std::move(file));
        if (!is_raw) co_await run_create(context, request, path);
        co_await run_convert_encrypted(context, request, path, is_device);
    } else {
        check_new_image(request);
        co_await require_backing(context, request);
        context.watch(path, request.source->allocation.value_or(0));
        co_await run_convert(context, request, path);
    }
}

/// Notes that a file or device begins to change in place, or is what it is to be.
void note_change(const std::string& path, const char* operation, bool begins) {
    const Fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) refuse_errno(errno, "Failed to open storage volume with path '{}'", path);
    if (begins) {
        note_unfinished(fd.get(), operation);
    } else {
        clear_unfinished(fd.get());
    }
}

void check_new_folder(const NewVolume& request) {
    require_flags(request.flags, 0, "createFileDir");
    if (request.source) throw Error(ErrorCode::internal_error, here, "cannot copy from volume to a directory volume");
    if (request.wanted.backing)
        throw Error(ErrorCode::no_support, here, "backing storage not supported for directories volumes");
}

/// Brings a complete draft to disk, with the owner and mode that it is to have. Piece by piece, so that nobody waits
/// long for a thread of the pool. A link that somebody put in its place is not followed.
Task<void> finish_draft(Context context, std::string path, Volume wanted) {
    constexpr uint64_t piece = 64 << 20;
    auto open = [path, wanted] {
        auto fd = std::make_shared<const Fd>(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        struct stat st {};
        if (!*fd || ::fstat(fd->get(), &st) != 0) refuse_errno(errno, "cannot create path '{}'", path);
        const bool is_ours =
            S_ISDIR(st.st_mode) ? wanted.target.format == "dir" : S_ISREG(st.st_mode) && st.st_nlink == 1;
        if (!is_ours) refuse(ErrorCode::operation_failed, "'{}' was replaced while it was made", path);
        return std::make_pair(fd, static_cast<uint64_t>(st.st_size));
    };
    const auto [fd, size] = co_await io::offload(context.lane, std::move(open));
    for (uint64_t at = 0; at < size; at += piece) {
        if (context.deadline.is_over())
            throw Error(ErrorCode::operation_aborted, here, "the operation was given up before its end");
        auto write = [file = fd, at] {
            ::sync_file_range(file->get(), static_cast<off_t>(at), piece,
                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
        };
        co_await io::offload(context.lane, std::move(write));
    }
    auto finish = [file = fd, wanted, path] {
        set_access(file->get(), wanted);
        if (::fsync(file->get()) != 0 && errno != EINVAL) refuse_errno(errno, "cannot sync data to file '{}'", path);
    };
    co_await io::offload(context.lane, std::move(finish));
}

Task<void> make_draft(Context context, const NewVolume& request, const Draft& draft) {
    const bool is_folder = request.wanted.target.format == "dir";
    if (is_folder) check_new_folder(request);
    auto begin = [draft, is_folder, path = request.wanted.target.path] {
        if (::access(path.c_str(), F_OK) == 0)
            refuse(ErrorCode::operation_invalid, "volume target path '{}' already exists", path);
        const bool needs_folder = is_folder || draft.path != draft.work;
        if (needs_folder && ::mkdir(draft.work.c_str(), 0700) != 0)
            refuse_errno(errno, "cannot create path '{}'", path);
    };
    co_await io::offload(context.lane, std::move(begin), context.deadline);
    std::string path = draft.path;
    if (!is_folder) co_await fill(context, request, path, false);
    Volume wanted = request.wanted;
    co_await finish_draft(context, std::move(path), std::move(wanted));
}

}  // namespace

void check_new_image(const NewVolume& request) {
    const model::Volume& wanted = request.wanted;
    const std::string& format = wanted.target.format;
    const bool wants_metadata = (request.flags & api::storage_vol_create_prealloc_metadata) != 0;
    if (is_encrypted(wanted)) {
        const auto kind = wanted.target.encryption->format;
        if (format == "qcow2" && kind != model::EncryptionFormat::luks)
            throw Error(ErrorCode::config_unsupported, here, "creation of qcow2 encrypted image is not supported");
        if (format != "qcow2" && format != "raw")
            refuse(ErrorCode::config_unsupported, "volume encryption unsupported with format {}", format);
        if (kind != model::EncryptionFormat::luks)
            throw Error(ErrorCode::config_unsupported, here, "unsupported volume encryption format");
    } else if (format == "raw") {
        if (wants_metadata)
            throw Error(ErrorCode::config_unsupported, here, "metadata preallocation is not supported for raw volumes");
        if (wanted.backing && !wanted.backing->path.empty())
            throw Error(ErrorCode::no_support, here, "backing storage not supported for raw volumes");
        return;
    }
    if (format != "qcow2" && wants_metadata)
        throw Error(ErrorCode::config_unsupported, here, "metadata preallocation only available with qcow2");
    if (format != "qcow2" && !wanted.target.compat.empty())
        throw Error(ErrorCode::config_unsupported, here, "compatibility option only available with qcow2");
    if (format != "qcow2" && wanted.target.features)
        throw Error(ErrorCode::config_unsupported, here, "format features only available with qcow2");
    check_backing(request);
}

Task<void> make_image(Context context, NewVolume request, Publisher& publisher) {
    if (is_encrypted(request.wanted) && request.wanted.target.format == "qcow2" &&
        request.wanted.target.encryption->format != model::EncryptionFormat::luks)
        check_new_image(request);
    const Draft draft(request.wanted);
    const std::string path = request.wanted.target.path;
    std::exception_ptr problem;
    try {
        co_await make_draft(context, request, draft);
        std::string from = draft.path;
        std::string to = path;
        co_await publisher.publish(std::move(from), std::move(to), context.deadline);
    } catch (const Error& error) {
        problem = std::make_exception_ptr(with_final_name(error, draft.path, path));
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem && draft.path == draft.work) co_return;
    // On the pool: to let go of the blocks of a large file takes a while.
    auto clear = [work = draft.work] { remove_work(work); };
    try {
        const io::Deadline patience = io::Deadline::after(longest_clearing);
        co_await io::offload(context.lane, std::move(clear), patience);
    } catch (const Error& error) {
        // It is cleared when its file system answers again, or by the next daemon.
        if (error.code() != ErrorCode::operation_timeout) throw;
    }
    if (problem) std::rethrow_exception(problem);
}

Task<void> fill_device(Context context, NewVolume request) {
    std::string path = request.wanted.target.path;
    const char* operation = request.source ? "clone" : "allocate";
    auto note = [path, operation] { note_change(path, operation, true); };
    co_await io::offload(context.lane, std::move(note));
    std::string target = path;
    co_await fill(context, request, std::move(target), true);
    auto clear = [path, operation] { note_change(path, operation, false); };
    co_await io::offload(context.lane, std::move(clear));
}

Task<void> resize_image(Context context, VolumeDefinition volume, uint64_t capacity, uint32_t flags) {
    const bool allocate = (flags & api::storage_vol_resize_allocate) != 0;
    const std::string format = tool_format(volume->target.format);
    const std::string path = volume->target.path;
    if (volume->type == model::VolumeType::dir)
        throw Error(ErrorCode::no_support, here, "a folder has no capacity that could be changed");
    if (format == "raw" && !is_encrypted(*volume)) {
        co_await resize_raw(context, path, capacity, allocate);
        co_return;
    }
    if (allocate)
        throw Error(ErrorCode::operation_unsupported, here, "preallocate is only supported for raw type volume");
    auto look = [path] { return chain_of(path).scattered == path; };
    const bool is_scattered = co_await io::offload(context.lane, std::move(look), context.deadline);
    if (is_scattered)
        throw Error(
            ErrorCode::operation_denied, here,
            fmt::format("'{}' keeps its content in other files that its header names: they are not resized", path),
            "a guest may have written these names; if they are right, use qemu-img");
    Keys keys;
    const std::string key = is_encrypted(*volume) ? keys.add(context, *volume) : std::string();
    std::vector<std::string> arguments = {image_tool, "resize", "-q"};
    append(arguments, keys.arguments);
    if ((flags & api::storage_vol_resize_shrink) != 0) arguments.push_back("--shrink");
    if (key.empty()) {
        append(arguments, {"-f", format, path});
    } else {
        append(arguments, {"--image-opts", image_options(*volume, path, key, is_block(*volume))});
    }
    // qemu-img takes whole sectors only.
    arguments.push_back(fmt::format("{}", (capacity + 511) / 512 * 512));
    co_await run_tool(context, std::move(arguments), std::move(keys.descriptors));
}

Task<void> wipe_content(Context context, VolumeDefinition volume, uint32_t algorithm) {
    constexpr const char* patterns[] = {"",         "nnsa",      "dod",        "bsi",   "gutmann",
                                        "schneier", "pfitzner7", "pfitzner33", "random"};
    const std::string path = volume->target.path;
    if (algorithm == api::storage_vol_wipe_alg_trim)
        throw Error(ErrorCode::argument_unsupported, here, "'trim' algorithm not supported");
    if (algorithm == api::storage_vol_wipe_alg_zero) {
        const uint64_t size = volume->allocation.value_or(0);
        co_await wipe_raw(context, path, size);
        co_return;
    }
    auto note = [path] { note_change(path, "wipe", true); };
    co_await io::offload(context.lane, std::move(note));
    std::vector<std::string> arguments = {"scrub", "-f", "-p", patterns[algorithm], path};
    co_await run_tool(context, std::move(arguments));
    auto clear = [path] { note_change(path, "wipe", false); };
    co_await io::offload(context.lane, std::move(clear));
}

}  // namespace virtue::storage
