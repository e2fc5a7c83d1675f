"""Decrypts one object of a bucket without Tidemark: python3 decrypt.py KEY_HEX OBJECT_KEY < object > plain (needs `pip install tink`)."""

import shutil
import sys

import tink
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

streaming_aead.register()
params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
    ciphertext_segment_size=1024 * 1024, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
)
key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=bytes.fromhex(sys.argv[1]), params=params)
data = tink_pb2.KeyData(
    type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
    value=key.SerializeToString(),
    key_material_type=tink_pb2.KeyData.SYMMETRIC,
)
entry = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry])
handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
primitive = handle.primitive(streaming_aead.StreamingAead)
with primitive.new_decrypting_stream(sys.stdin.buffer, b"tidemark/1/" + sys.argv[2].encode()) as plain:
    shutil.copyfileobj(plain, sys.stdout.buffer)
