import { Skeleton, Stack, Text } from '@mantine/core';

export function Loading() {
  return (
    <Stack aria-busy>
      <Text className="for-screen-readers" role="status">
        Loading…
      </Text>
      <Skeleton height={120} />
      <Skeleton height={200} />
    </Stack>
  );
}
