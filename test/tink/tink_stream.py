"""Encrypts and decrypts files with Google's Tink: KEY_HEX ASSOCIATED_DATA, then "encrypt|decrypt FROM TO" for each file on standard input."""

import shutil
import sys

import tink
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

streaming_aead.register()
key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
    version=0,
    key_value=bytes.fromhex(sys.argv[1]),
    params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=1024 * 1024, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    ),
)
keyset = tink_pb2.Keyset(
    primary_key_id=1,
    key=[
        tink_pb2.Keyset.Key(
            key_data=tink_pb2.KeyData(
                type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
                value=key.SerializeToString(),
                key_material_type=tink_pb2.KeyData.SYMMETRIC,
            ),
            status=tink_pb2.ENABLED,
            key_id=1,
            output_prefix_type=tink_pb2.RAW,
        )
    ],
)
handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
primitive = handle.primitive(streaming_aead.StreamingAead)
associated_data = sys.argv[2].encode()
for line in sys.stdin:
    mode, source, target = line.split()
    with open(source, "rb") as reader, open(target, "wb") as writer:
        if mode == "encrypt":
            with primitive.new_encrypting_stream(writer, associated_data) as sealed:
                shutil.copyfileobj(reader, sealed)
        else:
            with primitive.new_decrypting_stream(reader, associated_data) as opened:
                shutil.copyfileobj(opened, writer)
