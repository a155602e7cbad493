import Foundation

/// The key of a store: 32 bytes that lie in one place, which is wiped when the key is used up.
///
/// It cannot be copied, `FirstHoursCore.open` consumes it, and the core reads it where it lies. Out of reach are only the
/// copies that the caller made before.
public struct StoreKey: ~Copyable, @unchecked Sendable {
    private let bytes: UnsafeMutableRawBufferPointer

    /// Takes the bytes over and wipes them where they came from.
    ///
    /// `data` must be the only owner of its bytes, as what the Keychain returns is: else it is a copy that is wiped.
    public init(wiping data: inout Data) {
        bytes = .allocate(byteCount: data.count, alignment: 1)
        data.copyBytes(to: bytes)
        data.withUnsafeMutableBytes { Self.wipe($0) }
        data = Data()
    }

    /// The bytes as the generated code takes them: not copied, and not to be kept.
    func lend<Outcome>(_ use: (Data) throws -> Outcome) rethrows -> Outcome {
        guard let start = bytes.baseAddress else { return try use(Data()) }
        return try use(Data(bytesNoCopy: start, count: bytes.count, deallocator: .none))
    }

    /// Writes zeros that the compiler may not leave out.
    static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        #if canImport(Darwin)
            memset_s(start, bytes.count, 0, bytes.count)
        #else
            explicit_bzero(start, bytes.count)
        #endif
    }

    deinit {
        Self.wipe(bytes)
        bytes.deallocate()
    }
}
