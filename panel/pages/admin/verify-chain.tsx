import { Alert, Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconCircleCheck, IconLink } from '@tabler/icons-react';
import type { Schemas } from '../../client/ask.ts';
import { useVerifyAudit } from '../../client/audit.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

/** Each row holds a hash over itself and the row before. */
export function VerifyChain() {
  const verify = useVerifyAudit();
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconLink size={18} aria-hidden />}
        loading={verify.isPending}
        onClick={() => verify.mutate(undefined, { onSettled: open })}
      >
        Verify the chain
      </Button>
      <Modal opened={isOpen} onClose={close} title="The chain of the audit log" size="lg">
        <ProblemAlert error={verify.error} />
        {verify.data !== undefined && <Verdict verification={verify.data} />}
      </Modal>
    </>
  );
}

function Verdict({ verification: { ok, rows, brokenAt, newest } }: { readonly verification: Schemas['AuditVerification'] }) {
  if (!ok)
    return (
      <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={`Row ${brokenAt} was changed, or the row before it is missing`}>
        Somebody changed the catalogue past Tidemark. Compare with a copy, and keep this one.
      </Alert>
    );
  return (
    <Stack>
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={`All ${rows} rows are whole`}>
        None was changed, and none is missing in between.
      </Alert>
      {newest !== null && (
        <>
          <Copyable label={`Hash of the newest row, ${newest.id}`} text={newest.hash} />
          <Text size="sm" c="dimmed">
            Noted elsewhere, number and hash show later that nothing was cut off at the end.
          </Text>
        </>
      )}
    </Stack>
  );
}
