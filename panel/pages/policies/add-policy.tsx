import { notifications } from '@mantine/notifications';
import { useNavigate, useSearchParams } from 'react-router';
import { useCreatePolicy } from '../../client/policies.ts';
import { Page } from '../../parts/page.tsx';
import { PolicyFields } from './policy-form.tsx';
import { bodyOfNew, newValues } from './policy-values.ts';

export function AddPolicy() {
  const [query] = useSearchParams();
  const navigate = useNavigate();
  const create = useCreatePolicy();
  return (
    <Page title="Add Policy" summary="Where backups are stored, when they run, and how long they are kept.">
      <PolicyFields
        initialValues={{ ...newValues, ownerId: query.get('ownerId') ?? '' }}
        action="Add Policy"
        cancelTo="/policies"
        saving={{
          isPending: create.isPending,
          error: create.error,
          save: (values, onError) =>
            create.mutate(bodyOfNew(values), {
              onError,
              onSuccess({ id, name }) {
                notifications.show({ title: `${name} was added`, message: 'Its store is being validated. Now attach databases to it.' });
                void navigate(`/policies/${id}`);
              },
            }),
        }}
      />
    </Page>
  );
}
