import { Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { type Policy, useEditPolicy, usePolicy } from '../../client/policies.ts';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { PolicyFields } from './policy-form.tsx';
import { bodyOfEdit, valuesOf } from './policy-values.ts';

export function EditPolicy() {
  const { id = '' } = useParams();
  const [opened, setOpened] = useState(1);
  const { data, error, isFetching, isFetchedAfterMount, refetch } = usePolicy(id);
  const reopen = async (): Promise<void> => {
    await refetch();
    setOpened((count) => count + 1);
  };
  return (
    <Page title={data === undefined ? 'Edit policy' : `Edit ${data.name}`}>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      {error === null && (data === undefined || (isFetching && !isFetchedAfterMount)) && <Skeleton height={400} aria-busy />}
      {data !== undefined && (isFetchedAfterMount || !isFetching) && (
        <EditFields key={`${id} ${opened}`} policy={data} onReopen={() => void reopen()} />
      )}
    </Page>
  );
}

function EditFields({ policy, onReopen }: { readonly policy: Policy; readonly onReopen: () => void }) {
  const navigate = useNavigate();
  // what changes meanwhile must not be overwritten unseen
  const [shown] = useState(policy);
  const edit = useEditPolicy(shown);
  const isOvertaken = edit.error?.code === 'edited-meanwhile';
  const toPolicy = (): void => void navigate(`/policies/${shown.id}`);
  return (
    <PolicyFields
      shown={shown}
      initialValues={valuesOf(shown)}
      action="Save changes"
      cancelTo={`/policies/${shown.id}`}
      remedy={
        isOvertaken && (
          <Button variant="default" onClick={onReopen} w="fit-content">
            Begin again with what it is now
          </Button>
        )
      }
      saving={{
        isPending: edit.isPending,
        error: edit.error,
        save(values, onError) {
          const body = bodyOfEdit(values, shown);
          if (Object.keys(body).length === 0) return toPolicy();
          edit.mutate(body, {
            onError,
            onSuccess() {
              notifications.show({ message: `${shown.name} was changed. Its store is being validated again.` });
              toPolicy();
            },
          });
        },
      }}
    />
  );
}
